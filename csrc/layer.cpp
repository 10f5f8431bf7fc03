// A layer: its phases, and what adapters add to its products.
#include "job.h"

namespace alize {

bool Session::layer(Crew::Walk& walk, const Job& job, int index, Scratch& own) {
    const Model& m = model_;
    const Layer& layer = layers_[static_cast<size_t>(index)];
    const int32_t tokens = job.step.tokens;
    const bool few = tokens <= FEW;

    // Rows of x, normalised and quantised: by each member for itself, or by all for all in a phase of its own.
    auto rows = [&](const float* weight, const Integers& into, int32_t from, int32_t to) {
        for (int32_t t = from; t < to; t++) {
            kernels_.normalise(job.x + static_cast<size_t>(t) * m.dim, weight, m.dim, m.epsilon, own.row);
            into.write(kernels_, own.row, m.dim, t);
        }
    };
    auto shared = [&](const float* weight) {
        auto work = [&](uint32_t chunk) {
            auto from = static_cast<int32_t>(chunk) * 8;
            rows(weight, job.normal, from, std::min(tokens, from + 8));
        };
        return few || walk.phase(static_cast<uint32_t>(ceiling(tokens, 8)), work);
    };
    const Integers* x = few ? nullptr : &job.normal;
    auto normal = [&](const float* weight) -> const Integers& {
        if (x == nullptr) {
            rows(weight, own.few, 0, tokens);
            x = &own.few;
        }
        return *x;
    };

    // A x of every row that has an adapter on the product that follows.
    auto narrowed = [&](LowRank Adapter::*which, const float* weight, const Integers& from, int32_t columns) {
        auto work = [&](uint32_t chunk) {
            int32_t token = job.adapted[chunk];
            const LowRank& pair = job.step.adapter[job.sequence_of[static_cast<size_t>(token)]][index].*which;
            const Integers& integers = weight == nullptr ? from : normal(weight);
            if (pair.a != nullptr)
                kernels_.narrow(integers.rows(), token, pair.a, pair.rank, columns, own.row,
                                job.narrow + chunk * static_cast<size_t>(job.step.widest_rank));
        };
        return job.adapted.empty() || walk.phase(static_cast<uint32_t>(job.adapted.size()), work);
    };

    if (!shared(layer.attention_norm)) return false;
    if (!narrowed(&Adapter::qkv, layer.attention_norm, job.normal, m.dim)) return false;
    Chunks heads(m.heads + 2 * m.kv_heads, tokens, threads(), 1);
    auto query = [&](uint32_t chunk) {
        const Integers& integers = normal(layer.attention_norm);
        for (int32_t head = heads.first(chunk); head < heads.last(chunk); head++)
            project(job, layer, index, integers, head, heads.row(chunk), heads.row(chunk) + heads.height(chunk), own);
    };
    if (!walk.phase(heads.count(), query)) return false;

    auto weigh = [&](uint32_t item) { attend(job, layer, index, static_cast<int32_t>(item), own); };
    if (!walk.phase(static_cast<uint32_t>(job.items.size()), weigh)) return false;

    auto add = [&](const Matrix& w, LowRank Adapter::*which, const Integers& from, const Chunks& chunks, uint32_t chunk) {
        int32_t first = chunks.first(chunk), last = chunks.last(chunk), row = chunks.row(chunk), height = chunks.height(chunk);
        int32_t outputs = (last - first) * OUTPUTS;
        kernels_.product(w, first, last, from.rows(), row, height, own.tile, static_cast<size_t>(outputs));
        widen(job, index, which, first, last, row, height, own.tile, static_cast<size_t>(outputs));
        for (int32_t r = 0; r < height; r++)
            kernels_.add(job.x + static_cast<size_t>(row + r) * m.dim + static_cast<size_t>(first) * OUTPUTS,
                         own.tile + static_cast<size_t>(r) * outputs, outputs);
    };
    if (!narrowed(&Adapter::out, nullptr, job.attended, m.heads * m.head)) return false;
    Chunks out(m.dim / OUTPUTS, tokens, threads(), TILE_OUTPUTS / OUTPUTS);
    if (!walk.phase(out.count(), [&](uint32_t chunk) { add(layer.out, &Adapter::out, job.attended, out, chunk); })) return false;

    if (layer.router != nullptr) return experts(walk, job, layer, own);
    if (few) x = nullptr;
    if (!shared(layer.mlp_norm)) return false;
    if (!narrowed(&Adapter::gate_up, layer.mlp_norm, job.normal, m.dim)) return false;
    Chunks gates(ceiling(m.mlp, BLOCK), tokens, threads(), TILE_GATES / BLOCK);
    auto close = [&](uint32_t chunk) {
        const Integers& integers = normal(layer.mlp_norm);
        int32_t row = gates.row(chunk), height = gates.height(chunk);
        int32_t first = gates.first(chunk) * BLOCK, width = std::min(gates.last(chunk) * BLOCK, m.mlp) - first;
        gate_and_up(layer.mlp, first, width, integers.rows(), row, height, own.tile);
        widen(job, index, &Adapter::gate_up, first / 8, (first + width) / 8, row, height, own.tile, static_cast<size_t>(2 * width));
        gate(own.tile, first, width, row, height, job.gated);
    };
    if (!walk.phase(gates.count(), close)) return false;

    if (!narrowed(&Adapter::down, nullptr, job.gated, m.mlp)) return false;
    Chunks down(m.dim / OUTPUTS, tokens, threads(), TILE_OUTPUTS / OUTPUTS);
    return walk.phase(down.count(), [&](uint32_t chunk) { add(layer.mlp.down, &Adapter::down, job.gated, down, chunk); });
}

// Gate and up of so many columns of the width, at most TILE_GATES, for some rows: 16 of the one, 16 of the other, and so on.
void Session::gate_and_up(const FeedForward& w, int32_t first, int32_t width, const Rows& x, int32_t row, int32_t height, float* tile) {
    const auto stride = static_cast<size_t>(2 * width);
    if (w.up.rows == 0) return kernels_.product(w.gate_up, first / 8, (first + width) / 8, x, row, height, tile, stride);
    for (int32_t k = 0; k < width; k += OUTPUTS) {
        const int32_t n = (first + k) / OUTPUTS;
        kernels_.product(w.gate_up, n, n + 1, x, row, height, tile + 2 * k, stride);
        kernels_.product(w.up, n, n + 1, x, row, height, tile + 2 * k + OUTPUTS, stride);
    }
}

// One times the other, to integers of these columns.
void Session::gate(const float* tile, int32_t first, int32_t width, int32_t row, int32_t height, const Integers& into) {
    for (int32_t r = 0; r < height; r++) {
        float product[TILE_GATES];
        kernels_.gate(tile + static_cast<size_t>(r) * 2 * static_cast<size_t>(width), width, product);
        into.write(kernels_, product, width, row + r, first);
    }
}

// What adapters add to outputs 16 · first … 16 · last of a tile of rows.
void Session::widen(const Job& job, int index, LowRank Adapter::*which, int32_t first, int32_t last, int32_t row, int32_t height, float* y,
                    size_t stride) {
    if (job.adapted.empty()) return;
    for (int32_t r = 0; r < height; r++) {
        const int32_t as = job.adapted_as[static_cast<size_t>(row + r)];
        if (as < 0) continue;
        const LowRank& pair = job.step.adapter[job.sequence_of[static_cast<size_t>(row + r)]][index].*which;
        if (pair.a == nullptr) continue;
        const float* narrow = job.narrow + static_cast<size_t>(as) * job.step.widest_rank;
        for (int32_t n = first; n < last; n++)
            kernels_.widen(narrow + pair.first[n], pair.b + static_cast<size_t>(n) * pair.width * OUTPUTS, pair.width,
                           y + static_cast<size_t>(r) * stride + static_cast<size_t>(n - first) * OUTPUTS);
    }
}

}  // namespace alize
