// What the numbers that stand apart add to a product. An isa/ file has numbers_of_column in its product_*.h.
#pragma once
#include "../contract.h"
#include "../kernels.h"
#include "scales.h"

namespace {

using namespace alize;

constexpr int32_t APART_ROWS = 64, APART_BLOCKS = 8;  // that are looked through together

// Those of some rows and blocks: of each row in ascending order, and every column that has one once.
struct Apart {
    float number[APART_ROWS * APART_BLOCKS];
    uint16_t column[APART_ROWS * APART_BLOCKS];  // which of `columns`
    int32_t end[APART_ROWS];                     // of each row's in `number`
    uint16_t columns[APART_BLOCKS * BLOCK];
    int32_t different = 0;                       // how many columns there are

    Apart(const Rows& x, int32_t row, int32_t count, int32_t block);
};

inline Apart::Apart(const Rows& x, int32_t row, int32_t count, int32_t block) {
    uint32_t met[APART_BLOCKS] = {};       // which columns of a block
    uint16_t place[APART_BLOCKS * BLOCK];  // of these, in `columns`
    int32_t listed = 0;
    for (int32_t r = 0; r < count; r++) {
        const size_t at = static_cast<size_t>(row + r);
        uint64_t marks;
        __builtin_memcpy(&marks, x.marks + at * x.marks_stride + block, APART_BLOCKS);
        while (marks != 0) {
            const int32_t b = __builtin_ctzll(marks) / 8;
            const auto k = static_cast<uint32_t>(marks >> b * 8 & 0xff) - 1, key = static_cast<uint32_t>(b) * BLOCK + k;
            marks &= ~(0xffull << b * 8);
            if ((met[b] >> k & 1) == 0) {
                met[b] |= 1u << k;
                place[key] = static_cast<uint16_t>(different);
                columns[different++] = static_cast<uint16_t>(key);
            }
            number[listed] = x.apart[at * x.blocks + block + b];
            column[listed++] = place[key];
        }
        end[r] = listed;
    }
}

// Of 16 outputs the weights of one column.
template <Format FORMAT>
inline Lanes weights_of_column(const Matrix& w, int32_t block, int32_t column) {
    const int32_t group = column / GROUP, k = column % GROUP;
    const uint8_t* lines = w.values + place_of(w, block, group) * bytes_of_group(FORMAT);
    return Lanes::fma(numbers_of_column<FORMAT>(lines, k), scale_of<FORMAT>(w, block, group, k / 16), minimum_of<FORMAT>(w, block, group));
}

// To y of SIDE output blocks from `n` on. Where any column is that of several rows, each column's weights are made once for all.
template <Format FORMAT, int SIDE>
void add_listed(const Matrix& w, int32_t n, int32_t block, const Apart& apart, int32_t rows, float* y, size_t stride) {
    Lanes kept[APART_BLOCKS * BLOCK][SIDE];
    const bool shared = apart.different < apart.end[rows - 1];
    auto make = [&](int32_t i, Lanes* weights) {
        for (int b = 0; b < SIDE; b++) weights[b] = weights_of_column<FORMAT>(w, n + b, block * BLOCK + apart.columns[i]);
    };
    for (int32_t i = 0; shared && i < apart.different; i++) make(i, kept[i]);
    for (int32_t r = 0, i = 0; r < rows; r++, y += stride) {
        if (i == apart.end[r]) continue;
        Lanes sum[SIDE];
        for (int b = 0; b < SIDE; b++) sum[b] = Lanes::load(y + b * OUTPUTS);
        for (; i < apart.end[r]; i++) {
            Lanes* weights = kept[shared ? apart.column[i] : 0];
            if (!shared) make(apart.column[i], weights);
            for (int b = 0; b < SIDE; b++) sum[b] = Lanes::fma(Lanes::all(apart.number[i]), weights[b], sum[b]);
        }
        for (int b = 0; b < SIDE; b++) sum[b].store(y + b * OUTPUTS);
    }
}

// To y of outputs [first, last) of `count` rows, which has everything else.
template <Format FORMAT>
void add_apart(const Matrix& w, int32_t first, int32_t last, const Rows& x, int32_t row, int32_t count, float* y, size_t stride) {
    for (int32_t done = 0; done < count; done += APART_ROWS)
        for (int32_t block = 0; block < x.blocks; block += APART_BLOCKS) {
            const int32_t rows = count - done < APART_ROWS ? count - done : APART_ROWS;
            const Apart apart(x, row + done, rows, block);
            if (apart.different == 0) continue;
            float* to = y + static_cast<size_t>(done) * stride;
            int32_t n = first;
            for (; n + 4 <= last; n += 4, to += 4 * OUTPUTS) add_listed<FORMAT, 4>(w, n, block, apart, rows, to, stride);
            for (; n < last; n++, to += OUTPUTS) add_listed<FORMAT, 1>(w, n, block, apart, rows, to, stride);
        }
}

}  // namespace
