// Whole sums with Arm's products of matrices: smmla multiplies eight columns of two rows of weights with those of two rows of activations.
//
//     first     n0k0…3 | n1k0…3 | n2k0…3 | n3k0…3       second    n0k4…7 | n1k4…7 | n2k4…7 | n3k4…7       quarters of two lines
//     zipped    n0k0…3   n0k4…7 | n1k0…3   n1k4…7                 n2k0…3   n2k4…7 | n3k0…3   n3k4…7
//     x         x0…7 of a row   | x0…7 of the next
//     squares   += n0·x  n0·next  n1·x  n1·next                   += n2·x  n2·next  n3·x  n3·next         unzipped: a row's, the next one's
//
// Zipping costs an instruction for each that multiplies two rows, and half of one where there are four.
#pragma once
#include "quads_neon.h"

namespace {

using namespace alize;

// One group of ROWS rows of activations. The last of an odd number goes with itself.
template <int ROWS>
struct BySquare {
    static constexpr int TWOS = (ROWS + 1) / 2;
    int8x16_t x[TWOS][4];

    BySquare(const Rows& rows, int32_t row, int32_t g) {
        for (int t = 0; t < TWOS; t++) {
            const int8_t* one = rows.integers + static_cast<size_t>(row + 2 * t) * rows.stride + g * GROUP;
            const int8_t* next = 2 * t + 1 < ROWS ? one + rows.stride : one;
            for (int j = 0; j < 4; j++) x[t][j] = vcombine_s8(vld1_s8(one + 8 * j), vld1_s8(next + 8 * j));
        }
    }

    // As ByLane's.
    template <Format FORMAT, int J, int END>
    void sums(const uint8_t* lines, int32x4_t (&exact)[2][ROWS]) const {
        int32x4_t squares[2][2][TWOS];
        for (int q = 0; q < 2; q++)
            for (int half = 0; half < 2; half++)
                for (int t = 0; t < TWOS; t++) squares[q][half][t] = vdupq_n_s32(0);
        add<FORMAT, J, END>(lines, squares);
        for (int q = 0; q < 2; q++)
            for (int r = 0; r < ROWS; r++) {
                const int32x4_t low = squares[q][0][r / 2], high = squares[q][1][r / 2];
                exact[q][r] = r % 2 == 0 ? vuzp1q_s32(low, high) : vuzp2q_s32(low, high);
            }
    }

private:
    template <Format FORMAT, int J, int END>
    void add(const uint8_t* lines, int32x4_t (&squares)[2][2][TWOS]) const {
        for (int q = 0; q < 2; q++) {
            const Pair pair = two_quads<FORMAT, J>(lines + q * 16);
            const int32x4_t first = vreinterpretq_s32_s8(pair.first), second = vreinterpretq_s32_s8(pair.second);
            const int8x16_t low = vreinterpretq_s8_s32(vzip1q_s32(first, second)), high = vreinterpretq_s8_s32(vzip2q_s32(first, second));
            for (int t = 0; t < TWOS; t++) {
                squares[q][0][t] = vmmlaq_s32(squares[q][0][t], low, x[t][J]);
                squares[q][1][t] = vmmlaq_s32(squares[q][1][t], high, x[t][J]);
            }
        }
        if constexpr (J + 1 < END) add<FORMAT, J + 1, END>(lines, squares);
    }
};

}  // namespace
