// Whole sums with Arm's dot products: sdot multiplies four bytes of a weight line with four activations, which it finds in one lane of a
// register.
//
//     a quarter of a line   n0k0 n0k1 n0k2 n0k3 | n1k0 … | n2k0 … | n3k0 … n3k3      16 bytes: 4 rows of weights, 4 columns
//     x                     x0   x1   x2   x3   | x4   … | x8   … | x12  …           16 columns of a row: lane 0 belongs to this line
//     lane n of the sum     += n_k0·x0 + n_k1·x1 + n_k2·x2 + n_k3·x3
#pragma once
#include "quads_neon.h"

namespace {

using namespace alize;

// One group of ROWS rows of activations.
template <int ROWS>
struct ByLane {
    int8x16_t x[ROWS][2];

    ByLane(const Rows& rows, int32_t row, int32_t g) {
        for (int r = 0; r < ROWS; r++)
            for (int half = 0; half < 2; half++)
                x[r][half] = vld1q_s8(rows.integers + static_cast<size_t>(row + r) * rows.stride + g * GROUP + half * 16);
    }

    // Of eight outputs, whose bytes of the group's first line are at `lines`: what pairs J … END - 1 of fours of columns give.
    template <Format FORMAT, int J, int END>
    void sums(const uint8_t* lines, int32x4_t (&exact)[2][ROWS]) const {
        for (int q = 0; q < 2; q++)
            for (int r = 0; r < ROWS; r++) exact[q][r] = vdupq_n_s32(0);
        add<FORMAT, J, END>(lines, exact);
    }

private:
    template <Format FORMAT, int J, int END>
    void add(const uint8_t* lines, int32x4_t (&exact)[2][ROWS]) const {
        for (int q = 0; q < 2; q++) {
            const Pair pair = two_quads<FORMAT, J>(lines + q * 16);
            for (int r = 0; r < ROWS; r++) {
                exact[q][r] = vdotq_laneq_s32(exact[q][r], pair.first, x[r][J / 2], J % 2 * 2);
                exact[q][r] = vdotq_laneq_s32(exact[q][r], pair.second, x[r][J / 2], J % 2 * 2 + 1);
            }
        }
        if constexpr (J + 1 < END) add<FORMAT, J + 1, END>(lines, exact);
    }
};

}  // namespace
