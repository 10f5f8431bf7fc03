// What the numbers that stand apart add to a product. An isa/ file has weights_of_column in its product_*.h.
#pragma once
#include "../contract.h"
#include "../kernels.h"

namespace {

using namespace alize;

constexpr int MOST_APART = 64;  // rows that are looked through together

// To y of outputs [first, last) of `count` rows, at most MOST_APART, which has everything else. Most rows have the same number of a block
// apart, so that its weights are taken out of their lines once for all of them.
template <Format FORMAT>
void add_some_apart(const Matrix& w, int32_t first, int32_t last, const Rows& x, int32_t row, int32_t count, float* y, size_t stride) {
    const uint8_t* marks = x.marks + static_cast<size_t>(row) * x.marks_stride;
    const float* apart = x.apart + static_cast<size_t>(row) * x.blocks;
    for (int32_t eight = 0; eight < x.blocks; eight += 8) {
        uint64_t some = 0;
        for (int32_t r = 0; r < count; r++) {
            uint64_t of_row;
            __builtin_memcpy(&of_row, marks + static_cast<size_t>(r) * x.marks_stride + eight, 8);
            some |= of_row;
        }
        while (some != 0) {
            const int32_t place = __builtin_ctzll(some) / 8, block = eight + place;
            some &= ~(0xffull << place * 8);
            int32_t rows[MOST_APART + 1], found = 0;  // that have one; written without a branch, which could not be foreseen
            for (int32_t r = 0; r < count; r++) {
                rows[found] = r;
                found += marks[static_cast<size_t>(r) * x.marks_stride + block] != 0;
            }
            for (int32_t n = first; n < last; n++) {
                Lanes weights = Lanes::all(0.0f);
                uint8_t known = 0;
                for (int32_t i = 0; i < found; i++) {
                    const size_t r = static_cast<size_t>(rows[i]);
                    const uint8_t mark = marks[r * x.marks_stride + block];
                    if (mark != known) weights = weights_of_column<FORMAT>(w, n, block * BLOCK + mark - 1);
                    known = mark;
                    float* to = y + r * stride + static_cast<size_t>(n - first) * OUTPUTS;
                    Lanes::fma(Lanes::all(apart[r * x.blocks + block]), weights, Lanes::load(to)).store(to);
                }
            }
        }
    }
}

template <Format FORMAT>
void add_apart(const Matrix& w, int32_t first, int32_t last, const Rows& x, int32_t row, int32_t count, float* y, size_t stride) {
    for (int32_t done = 0; done < count; done += MOST_APART) {
        const int32_t some = count - done < MOST_APART ? count - done : MOST_APART;
        add_some_apart<FORMAT>(w, first, last, x, row + done, some, y + static_cast<size_t>(done) * stride, stride);
    }
}

}  // namespace
