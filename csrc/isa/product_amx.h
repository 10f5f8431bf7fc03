// Products of many rows with AMX: an instruction multiplies a square of 16 rows of activations with a group of 16 rows of weights.
//
//     left     row 0: x0 x1 … x31      signed, as they lie in Rows            right    line 0: n0k0 n0k1 n0k2 n0k3 | n1k0 … n15k3
//     [16][32] row 1: …                                                       [8][64]  line 1: n0k4 …              unsigned
//
//     square   row 0: Σ x·n0  Σ x·n1 … Σ x·n15      [16][16] whole numbers of 32 bits, which become floats outside of the tiles
//
// A line of weights is as formats.h packs it, but that what has fewer bits is spread to bytes (and bytes are copied), PANEL groups at a time:
// the first square does that, while it multiplies, for the others. Sums of rows wait in y until the next panel. While the floats of a group
// are added the next ones are multiplied.
#pragma once
#include "product_avx512.h"
#include "tiles.h"

namespace {

using namespace alize;

constexpr int SQUARE = 16;       // rows of activations
constexpr int MOST_SQUARES = 4;  // that share what is spread
constexpr int PANEL = 32;        // groups that are spread at a time
constexpr int AHEAD_OF_FLOATS = 2;  // squares that are begun before the floats of one are added
constexpr int AHEAD_OF_TILES = 2;   // groups that are spread before a tile reads one: stores take their time

// The instructions. Each is said to read and to write any memory: what compilers bring for them says less than is true, and the GCC of 2022
// then leaves out the stores that make a configuration.
inline void configure(const void* shapes) { asm volatile("ldtilecfg (%0)" ::"r"(shapes) : "memory"); }
inline void release() { asm volatile("tilerelease" ::: "memory"); }
// sums: 16 lines of 64 bytes. Tile 0 has them, 1 the activations, 2 the weights.
inline void multiply(const int8_t* x, size_t stride, const uint8_t* weights, int32_t* sums) {
    asm volatile(
        "tilezero %%tmm0\n"
        "tileloadd (%0,%1,1), %%tmm1\n"
        "tileloadd (%2,%4,1), %%tmm2\n"
        "tdpbsud %%tmm2, %%tmm1, %%tmm0\n"
        "tilestored %%tmm0, (%3,%4,1)\n" ::"r"(x), "r"(stride), "r"(weights), "r"(sums), "r"(static_cast<size_t>(64))
        : "memory");
}

// What ldtilecfg reads: of each tile its rows and the bytes of one.
struct alignas(64) Shapes {
    uint8_t palette = 1, first = 0, reserved[14] = {};
    uint16_t bytes[16] = {};
    uint8_t rows[16] = {};
    explicit Shapes(int columns) {
        const int shape[3][2] = {{SQUARE, 64}, {SQUARE, columns}, {columns / 4, 64}};
        for (int tile = 0; tile < 3; tile++) {
            rows[tile] = static_cast<uint8_t>(shape[tile][0]);
            bytes[tile] = static_cast<uint16_t>(shape[tile][1]);
        }
    }
};

// Some groups, as squares read them.
template <Format FORMAT>
struct Panel {
    static constexpr int PARTS = parts_of_group(FORMAT), COLUMNS = GROUP / PARTS;
    alignas(64) uint8_t weights[PANEL * GROUP * OUTPUTS];  // of 16 outputs: line k / 4 has columns k … k + 3
    alignas(64) float sums[MOST_SQUARES][PANEL * PARTS][SQUARE];      // of activations
    alignas(64) float scales[MOST_SQUARES][PANEL][SQUARE];
    alignas(64) int32_t products[AHEAD_OF_FLOATS + 1][SQUARE * OUTPUTS];
    int32_t from = 0, to = 0;                                       // groups

    void spread(const uint8_t* lines, int32_t group) {
        for (int j = 0; j < 4; j++) {
            __m512i first, second;
            two_quads<FORMAT>(lines, j, first, second);
            uint8_t* at = weights + (static_cast<size_t>(group) * 4 + j) * 128;
            _mm512_store_si512(at, first);
            _mm512_store_si512(at + 64, second);
        }
    }
    // The rows' sums and scales, those of a group beside each other.
    void turn(const Rows& x, int32_t row, int32_t squares) {
        for (int32_t r = 0; r < squares * SQUARE; r++)
            for (int32_t g = from; g < to; g++) {
                scales[r / SQUARE][g - from][r % SQUARE] = x.scales[static_cast<size_t>(row + r) * x.blocks + g];
                for (int part = 0; part < PARTS; part++)
                    sums[r / SQUARE][(g - from) * PARTS + part][r % SQUARE] = sum_of<FORMAT>(x, row + r, g, part);
            }
    }
    // y of 16 rows and 16 outputs += these groups, the first of whose squares spreads them for the others.
    template <bool FIRST>
    void add(const Matrix& w, int32_t block, const Rows& x, int32_t row, int32_t square, float* y, size_t stride) {
        Lanes acc[SQUARE], f[PARTS == 1 ? 1 : SQUARE];
        for (int r = 0; r < SQUARE; r++) acc[r] = from == 0 ? Lanes::all(0.0f) : Lanes::load(y + r * stride);
        const int32_t groups = to - from, parts = groups * PARTS;
        const auto wide = static_cast<size_t>(x.stride);
        const int8_t* left = x.integers + static_cast<size_t>(row + square * SQUARE) * wide + static_cast<size_t>(from) * GROUP;
        const uint8_t* lines = w.values + place_of(w, block, from) * bytes_of_group(FORMAT);
        int32_t next = 0, into = 0, done = 0;  // parts; and which of `products`
        int32_t ready = 0;                     // groups that are spread
        auto begin = [&] {
            if (FIRST && ready < groups) {
                spread(lines, ready++);
                lines += bytes_of_group(FORMAT);
            }
            multiply(left + next * COLUMNS, wide, weights + next * COLUMNS * OUTPUTS, products[into]);
            next++;
            into = into == AHEAD_OF_FLOATS ? 0 : into + 1;
        };
        for (; FIRST && ready < groups && ready < AHEAD_OF_TILES; ready++, lines += bytes_of_group(FORMAT)) spread(lines, ready);
        while (next < parts && next < AHEAD_OF_FLOATS) begin();
        for (int32_t part = 0; part < parts; part++) {
            if (next < parts) begin();
            const int32_t group = part / PARTS;
            const int half = part % PARTS;
            const Lanes d = scale_of<FORMAT>(w, block, from + group, half), m = minimum_of<FORMAT>(w, block, from + group);
            const int32_t* wholes = products[done];
            const float *sum = sums[square][part], *scale = scales[square][group];
#pragma GCC unroll 16
            for (int r = 0; r < SQUARE; r++) {
                const Lanes whole{_mm512_cvtepi32_ps(_mm512_load_si512(wholes + r * OUTPUTS))};
                Lanes& begun = f[PARTS == 1 ? 0 : r];
                begun = Lanes::fma(without_offset<FORMAT>(whole, Lanes::all(sum[r])), d, half == 0 ? Lanes::all(0.0f) : begun);
                if (has_minimum(FORMAT)) begun = Lanes::fma(Lanes::all(sum[r]), m, begun);
                if (half == PARTS - 1) acc[r] = Lanes::fma(begun, Lanes::all(scale[r]), acc[r]);
            }
            done = done == AHEAD_OF_FLOATS ? 0 : done + 1;
        }
        for (int r = 0; r < SQUARE; r++) acc[r].store(y + r * stride);
    }
};

// Of as many rows as are whole squares; returns how many these are. A panel is 40 KB, which no other call keeps on the stack with its own.
template <Format FORMAT>
[[gnu::noinline]] int32_t product_of_squares(const Matrix& w, int32_t first, int32_t last, const Rows& x, int32_t row, int32_t count, float* y, size_t stride) {
    const int32_t groups = w.columns / GROUP;
    if (count < SQUARE) return 0;
    const Shapes shapes(GROUP / parts_of_group(FORMAT));
    configure(&shapes);
    Panel<FORMAT> panel;
    int32_t done = 0;
    for (int32_t squares; (squares = (count - done) / SQUARE) > 0; done += squares * SQUARE) {
        squares = squares < MOST_SQUARES ? squares : MOST_SQUARES;
        for (panel.from = 0; panel.from < groups; panel.from = panel.to) {
            panel.to = panel.from + PANEL < groups ? panel.from + PANEL : groups;
            panel.turn(x, row + done, squares);
            for (int32_t block = first; block < last; block++) {
                float* at = y + static_cast<size_t>(done) * stride + static_cast<size_t>(block - first) * OUTPUTS;
                panel.template add<true>(w, block, x, row + done, 0, at, stride);
                for (int32_t s = 1; s < squares; s++)
                    panel.template add<false>(w, block, x, row + done, s, at + static_cast<size_t>(s) * SQUARE * stride, stride);
            }
        }
    }
    release();
    return done;
}

// Squares as long as there are rows for them: fewer rows are as fast or faster by VNNI.
template <Format FORMAT>
void product_of_many(const Matrix& w, int32_t first, int32_t last, const Rows& x, int32_t row, int32_t count, float* y, size_t stride) {
    const int32_t done = product_of_squares<FORMAT>(w, first, last, x, row, count, y, stride);
    if (done < count)
        rows_of_tiles<FORMAT, MOST_ROWS>(w, first, last, x, row + done, count - done, done == 0, y + static_cast<size_t>(done) * stride, stride);
    add_apart<FORMAT>(w, first, last, x, row, count, y, stride);
}

void product_amx(const Matrix& w, int32_t first, int32_t last, const Rows& x, int32_t row, int32_t count, float* y, size_t stride) {
    with_format(w.format, [&]<Format FORMAT>() {
        if constexpr (is_float(FORMAT)) product_of<FORMAT>(w, first, last, x, row, count, y, stride);
        else product_of_many<FORMAT>(w, first, last, x, row, count, y, stride);
    });
}

}  // namespace
