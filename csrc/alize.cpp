// What Python calls: C functions over plain structures. Each says 0, or 1 for no memory.
#include <exception>
#include <new>

#include "pack.h"
#include "session.h"
#include "turns.h"

using namespace alize;

// How large each structure is here: Python has them written out again, and a library of other sources would misread them.
constexpr int32_t SIZES[] = {sizeof(Matrix), sizeof(Rows), sizeof(LowRank), sizeof(Adapter), sizeof(FeedForward), sizeof(Layer),
                             sizeof(Model), sizeof(Cache), sizeof(Draw), sizeof(Drawn), sizeof(Step), sizeof(Router), sizeof(Packing)};

#define ALIZE extern "C" __attribute__((visibility("default")))

ALIZE const int32_t* alize_sizes() { return SIZES; }
ALIZE const char* alize_compiler() { return ALIZE_COMPILER; }
ALIZE const Kernels* alize_kernels(const char* wish) { return choose_kernels(wish); }
ALIZE const char* alize_kernels_name(const Kernels* kernels) { return kernels->name; }

ALIZE void alize_room(int32_t format, int64_t rows, int64_t columns, Room* room) { *room = room_of(static_cast<Format>(format), rows, columns); }
ALIZE int32_t alize_pack(const Packing* packings, int32_t count, int32_t threads) {
    try {
        pack(packings, count, threads);
        return 0;
    } catch (const std::exception&) {
        return 1;
    }
}
ALIZE void alize_unpack_row(const Matrix* matrix, int32_t row, float* out) { unpack_row(*matrix, row, out); }

ALIZE Session* alize_open(const Model* model, const Kernels* kernels, int32_t threads) {
    try {
        return new Session(*model, *kernels, threads);
    } catch (const std::exception&) {
        return nullptr;
    }
}
ALIZE int32_t alize_give_cache(Session* session, const Cache* caches, int32_t layers) {
    try {
        session->give_cache(std::vector<Cache>(caches, caches + layers));
        return 0;
    } catch (const std::bad_alloc&) {
        return 1;
    }
}
ALIZE int32_t alize_run(Session* session, const Step* step) {
    try {
        session->run(*step);
        return 0;
    } catch (const std::bad_alloc&) {
        return 1;
    }
}
ALIZE void alize_close(Session* session) { delete session; }

// Single kernels, for tests.
ALIZE void alize_quantise(const Kernels* k, const float* x, int32_t columns, int8_t* integers, float* scales, float* sums, float* halves,
                          uint8_t* marks, float* apart) {
    k->quantise(x, columns, integers, scales, sums, halves, marks, apart);
}
ALIZE void alize_product(const Kernels* k, const Matrix* w, int32_t first, int32_t last, const Rows* x, int32_t row, int32_t count,
                         float* y, size_t stride) {
    k->product(*w, first, last, *x, row, count, y, stride);
}
ALIZE void alize_route(const Kernels* k, const Router* router, const float* x, float* logits, int32_t* chosen, float* shares) {
    k->route(*router, x, logits, chosen, shares);
}
ALIZE int32_t alize_draw(const Kernels* k, float* logits, int32_t vocab, int32_t rows, const Draw* draw, const Drawn* drawn) {
    try {
        Sampler sampler(vocab);
        for (int32_t r = 0; r < rows; r++) sampler.draw(*k, logits + static_cast<size_t>(r) * vocab, draw[r], *drawn, r);
        return 0;
    } catch (const std::bad_alloc&) {
        return 1;
    }
}
ALIZE void alize_turns(const float* speed, int32_t pairs, int32_t positions, float scale, float* cosines, float* sines) {
    turns(speed, pairs, positions, scale, cosines, sines);
}
