// Every kernel of a table, called once on shapes that stay as they are, for scripts/count_instructions.py: callgrind writes what lies
// between two requests into a file of that name. In: nothing. Out: the compiler and the kernels' name, on a line each.
#include <valgrind/callgrind.h>

#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "../contract.h"
#include "../kernels.h"
#include "../memory.h"
#include "../pack.h"

using namespace alize;

extern "C" const char* alize_compiler();

namespace {

constexpr int32_t COLUMNS = 1024, OUTPUT_BLOCKS = 7, ROWS = 33, HEAD = 64, TOKENS = 200, EXPERTS = 32, ACTIVE = 4, RANK = 8, VOCABULARY = 4096;

template <class Call>
void count(const std::string& name, Call&& call) {
    CALLGRIND_TOGGLE_COLLECT;
    call();
    CALLGRIND_TOGGLE_COLLECT;
    CALLGRIND_DUMP_STATS_AT(name.c_str());
}

// Numbers that no library draws, so that they are the same everywhere.
class Numbers {
public:
    uint32_t bits() { return state_ = state_ * 1664525u + 1013904223u; }
    float next() { return static_cast<float>(bits() >> 8) / 8388608.0f - 1.0f; }
    std::vector<float> floats(int32_t count) {
        std::vector<float> made(static_cast<size_t>(count));
        for (float& each : made) each = next();
        return made;
    }

private:
    uint32_t state_ = 1;
};

struct Named {
    const char* name;
    Format format;
};
constexpr Named FORMATS[] = {{"Q4_0", Format::Q4_0}, {"Q4_1", Format::Q4_1}, {"Q5_0", Format::Q5_0}, {"Q5_1", Format::Q5_1}, {"Q8_0", Format::Q8_0},
                             {"Q4_K", Format::Q4_K}, {"Q5_K", Format::Q5_K}, {"Q6_K", Format::Q6_K}, {"F16", Format::F16},   {"BF16", Format::BF16}};

// Some numbers, each block of them with one that stands apart in every fourth row.
Integers quantised(const Kernels& kernels, Buffer& memory, Numbers& numbers) {
    Integers rows{};
    for (bool real : {false, true}) {
        Cutter cut(real ? memory.as<void>() : nullptr);
        rows = cut.integers(ROWS, COLUMNS, true);
        if (!real) memory.at_least(cut.used());
    }
    for (int32_t row = 0; row < ROWS; row++) {
        std::vector<float> x = numbers.floats(COLUMNS);
        if (row % 4 == 0) x[7] = 100.0f;
        rows.write(kernels, x.data(), COLUMNS, row);
    }
    return rows;
}

void products(const Kernels& kernels, const Rows& rows, Numbers& numbers) {
    std::vector<float> y(static_cast<size_t>(ROWS) * OUTPUT_BLOCKS * OUTPUTS);
    for (const Named& each : FORMATS) {
        const Room room = room_of(each.format, OUTPUT_BLOCKS * OUTPUTS, COLUMNS);
        Buffer lines;
        auto* values = static_cast<uint8_t*>(lines.at_least(room.values));
        for (size_t i = 0; i < room.values; i++) values[i] = static_cast<uint8_t>(numbers.bits() >> 24);
        const std::vector<uint16_t> scales(room.scales, 0x2c00), minimums(room.minimums, 0xac00);  // 1/16 and -1/16
        const std::vector<uint8_t> factors(room.factors, 5);
        const Matrix w{each.format,   OUTPUT_BLOCKS * OUTPUTS, COLUMNS, values, room.scales ? scales.data() : nullptr, room.minimums ? minimums.data() : nullptr,
                       room.factors ? factors.data() : nullptr};
        for (int32_t height : {1, 4, 8, ROWS})
            count(std::string("product ") + each.name + ", rows: " + std::to_string(height),
                  [&] { kernels.product(w, 0, OUTPUT_BLOCKS, rows, 0, height, y.data(), OUTPUT_BLOCKS * OUTPUTS); });
    }
}

void attention(const Kernels& kernels, Numbers& numbers, Kept kept) {
    constexpr int32_t PAGES = (TOKENS + PAGE - 1) / PAGE;
    const size_t page = bytes_of_keys(kept, HEAD);
    const std::string what = kept == Kept::INT8 ? ", bytes" : "";
    std::vector<uint8_t> keys(PAGES * page), values(keys.size());
    int32_t table[PAGES], positions[ATTENTION_ROWS];
    for (int32_t p = 0; p < PAGES; p++) table[p] = PAGES - 1 - p;
    const std::vector<float> key = numbers.floats(HEAD), queries = numbers.floats(ATTENTION_ROWS * HEAD);
    auto every = [&](auto&& remember, std::vector<uint8_t>& into) {
        for (int32_t t = 0; t < PAGES * PAGE; t++) remember(kept, key.data(), HEAD, into.data() + static_cast<size_t>(t / PAGE) * page, t % PAGE);
    };
    count("remember_key" + what, [&] { every(kernels.remember_key, keys); });
    count("remember_value" + what, [&] { every(kernels.remember_value, values); });
    std::vector<float> out(queries.size());
    for (int32_t rows : {1, ATTENTION_ROWS})
        for (int32_t window : {0, 96}) {
            for (int32_t row = 0; row < rows; row++) positions[row] = TOKENS - rows + row;
            const Attention of{queries.data(), out.data(), positions, rows, HEAD, window, table, kept, keys.data(), values.data(), page};
            count("attend, rows: " + std::to_string(rows) + (window ? ", a window" : "") + what, [&] { kernels.attend(of); });
        }
}

void rest(const Kernels& kernels, const Integers& into, Numbers& numbers) {
    std::vector<float> x = numbers.floats(2 * COLUMNS), out(2 * COLUMNS), t(RANK);
    const std::vector<float> weight = numbers.floats(EXPERTS * COLUMNS);
    const Rows rows = into.rows();
    count("quantise", [&] { into.write(kernels, x.data(), COLUMNS, 0); });
    count("narrow", [&] { kernels.narrow(rows, 0, weight.data(), RANK, COLUMNS, out.data(), t.data()); });
    count("widen", [&] {
        for (int32_t block = 0; block < COLUMNS / OUTPUTS; block++) kernels.widen(t.data(), weight.data() + block * OUTPUTS * RANK, RANK, out.data() + block * OUTPUTS);
    });
    count("normalise", [&] { kernels.normalise(x.data(), weight.data(), COLUMNS, 1e-5f, out.data()); });
    count("gate", [&] { kernels.gate(x.data(), COLUMNS, out.data()); });
    count("rotate", [&] { kernels.rotate(x.data(), weight.data(), weight.data() + COLUMNS, COLUMNS); });
    count("add", [&] { kernels.add(x.data(), weight.data(), COLUMNS); });
    float logits[EXPERTS], shares[ACTIVE];
    int32_t chosen[ACTIVE];
    const Router router{weight.data(), EXPERTS, ACTIVE, COLUMNS, 1.0f};
    count("route", [&] { kernels.route(router, x.data(), logits, chosen, shares); });
}

void draws(const Kernels& kernels, Numbers& numbers) {
    std::vector<float> logits = numbers.floats(VOCABULARY), most(VOCABULARY / WEIGHED);
    const std::vector<uint32_t> mask(VOCABULARY / 32, 0xfffffff0u);
    std::vector<int64_t> weights(WEIGHED);
    count("survey", [&] { kernels.survey(logits.data(), VOCABULARY, most.data()); });
    count("allow", [&] { kernels.allow(logits.data(), VOCABULARY, mask.data()); });
    count("weigh", [&] {
        for (int32_t first = 0; first < VOCABULARY; first += WEIGHED) kernels.weigh(logits.data() + first, WEIGHED, 1.0f, 1.0f, 1, weights.data());
    });
}

}  // namespace

int main() {
    const Kernels* kernels = choose_kernels(nullptr);
    std::printf("%s\n%s\n", alize_compiler(), kernels->name);
    Numbers numbers;
    Buffer memory;
    const Integers rows = quantised(*kernels, memory, numbers);
    products(*kernels, rows.rows(), numbers);
    for (Kept kept : {Kept::BFLOAT16, Kept::INT8}) attention(*kernels, numbers, kept);
    rest(*kernels, rows, numbers);
    draws(*kernels, numbers);
}
