// Products on Arm. An isa/ file has said before what Exact is: one group of some rows of activations, which gives its whole sums with weights.
//
// Weights are multiplied as numbers with a sign: of four to six bits as they are stored, too small to need one; bytes without what was added
// to them, so that nothing has to be taken back.
#pragma once
#include "../contract.h"
#include "../kernels.h"
#include "quads_neon.h"

namespace {

using namespace alize;

// Eight outputs of one group for ROWS rows, those of quarters `quarter` and `quarter` + 1 of its lines: f, as contract.h calls it.
template <Format FORMAT, int ROWS, int PART = 0>
inline void add_group(const Matrix& w, int32_t block, int32_t g, int quarter, const Rows& rows, int32_t row, const Exact<ROWS>& x,
                      Four (&f)[2][ROWS]) {
    constexpr int PARTS = parts_of_group(FORMAT), PAIRS = 4 / PARTS;
    const uint8_t* lines = w.values + place_of(w, block, g) * bytes_of_group(FORMAT) + quarter * 16;
    int32x4_t exact[2][ROWS];
    x.template sums<FORMAT, PART * PAIRS, (PART + 1) * PAIRS>(lines, exact);
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
            const Exact<ROWS> x(rows, row, g);
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
