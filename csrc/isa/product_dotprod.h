// Products with Arm's dot products: sdot multiplies four bytes of a weight line with four activations, which it finds in one lane of a register.
//
//     a quarter of a line   n0k0 n0k1 n0k2 n0k3 | n1k0 … | n2k0 … | n3k0 … n3k3      16 bytes: 4 rows of weights, 4 columns
//     x                     x0   x1   x2   x3   | x4   … | x8   … | x12  …           16 columns of a row: lane 0 belongs to this line
//     lane n of the sum     += n_k0·x0 + n_k1·x1 + n_k2·x2 + n_k3·x3
//
// Both have a sign. Numbers of four to six bits have none and are small enough not to need one; bytes become what they were before 128 was
// added.
#pragma once
#include "../contract.h"
#include "../kernels.h"
#include "quads_neon.h"
#include "scales.h"

namespace {

using namespace alize;

// Adds to the sums of eight outputs, whose bytes of the group's first line are at `lines`, what pairs J … END - 1 of fours of columns give.
template <Format FORMAT, int ROWS, int J, int END>
inline void add_pairs(const uint8_t* lines, const int8x16_t (&x)[ROWS][2], int32x4_t (&sum)[2][ROWS]) {
    for (int q = 0; q < 2; q++) {
        const Pair pair = two_quads<FORMAT, J>(lines + q * 16);
        for (int r = 0; r < ROWS; r++) {
            sum[q][r] = vdotq_laneq_s32(sum[q][r], pair.first, x[r][J / 2], J % 2 * 2);
            sum[q][r] = vdotq_laneq_s32(sum[q][r], pair.second, x[r][J / 2], J % 2 * 2 + 1);
        }
    }
    if constexpr (J + 1 < END) add_pairs<FORMAT, ROWS, J + 1, END>(lines, x, sum);
}

// Eight outputs of one group for ROWS rows, those of quarters `quarter` and `quarter` + 1 of its lines: f, as contract.h calls it.
template <Format FORMAT, int ROWS, int PART = 0>
inline void add_group(const Matrix& w, int32_t block, int32_t g, int quarter, const Rows& rows, int32_t row, const int8x16_t (&x)[ROWS][2],
                      Four (&f)[2][ROWS]) {
    constexpr int PARTS = parts_of_group(FORMAT), PAIRS = 4 / PARTS;
    int32x4_t exact[2][ROWS];
    for (int q = 0; q < 2; q++)
        for (int r = 0; r < ROWS; r++) exact[q][r] = vdupq_n_s32(0);
    const uint8_t* lines = w.values + place_of(w, block, g) * bytes_of_group(FORMAT) + quarter * 16;
    add_pairs<FORMAT, ROWS, PART * PAIRS, (PART + 1) * PAIRS>(lines, x, exact);
    for (int q = 0; q < 2; q++) {
        const Scales scales = scales_of<FORMAT>(w, block, g, PART, quarter + q);
        for (int r = 0; r < ROWS; r++) f[q][r] = scaled<FORMAT>(exact[q][r], sum_of<FORMAT>(rows, row + r, g, PART), scales, f[q][r]);
    }
    if constexpr (PART + 1 < PARTS) add_group<FORMAT, ROWS, PART + 1>(w, block, g, quarter, rows, row, x, f);
}

// Eight outputs at a time: their sums for four rows, f and what is read of x have room in the registers.
template <Format FORMAT, int BLOCKS, int ROWS>
void tile(const Matrix& w, int32_t block, const Rows& rows, int32_t row, bool, float* y, size_t stride) {
    const int32_t groups = w.columns / GROUP;
    for (int b = 0; b < BLOCKS; b++) {
        Four acc[4][ROWS];
        for (int q = 0; q < 4; q++)
            for (int r = 0; r < ROWS; r++) acc[q][r] = Four::all(0.0f);
        for (int32_t g = 0; g < groups; g++) {
            int8x16_t x[ROWS][2];
            for (int r = 0; r < ROWS; r++)
                for (int half = 0; half < 2; half++)
                    x[r][half] = vld1q_s8(rows.integers + static_cast<size_t>(row + r) * rows.stride + g * GROUP + half * 16);
#pragma GCC unroll 2
            for (int quarter = 0; quarter < 4; quarter += 2) {
                Four f[2][ROWS];
                for (int q = 0; q < 2; q++)
                    for (int r = 0; r < ROWS; r++) f[q][r] = Four::all(0.0f);
                add_group<FORMAT, ROWS>(w, block + b, g, quarter, rows, row, x, f);
                for (int r = 0; r < ROWS; r++) {
                    const Four scale = Four::all(rows.scales[static_cast<size_t>(row + r) * rows.blocks + g]);
                    for (int q = 0; q < 2; q++) acc[quarter + q][r] = Four::fma(f[q][r], scale, acc[quarter + q][r]);
                }
            }
        }
        for (int q = 0; q < 4; q++)
            for (int r = 0; r < ROWS; r++) vst1q_f32(y + r * stride + b * OUTPUTS + q * 4, acc[q][r].a);
    }
}

}  // namespace
