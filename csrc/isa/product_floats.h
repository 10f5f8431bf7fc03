// Products of weights in sixteen bits, written once over Lanes: a lane is an output, and takes one column after the other.
//
//     weights   k0: n0 n1 … n15 | k1: n0 n1 … n15 | …
//     lane n    acc = fma(x[k], w[n][k], acc)
#pragma once
#include "../contract.h"
#include "../kernels.h"

namespace {

using namespace alize;

template <Format FORMAT, int BLOCKS, int ROWS>
void tile_of_floats(const Matrix& w, int32_t block, const Rows& x, int32_t row, float* y, size_t stride) {
    const size_t columns = static_cast<size_t>(w.columns);
    const auto* weights = reinterpret_cast<const uint16_t*>(w.values) + static_cast<size_t>(block) * columns * OUTPUTS;
    const float* numbers = x.numbers + static_cast<size_t>(row) * x.numbers_stride;
    Lanes acc[BLOCKS][ROWS];
    for (int b = 0; b < BLOCKS; b++)
        for (int r = 0; r < ROWS; r++) acc[b][r] = Lanes::all(0.0f);
    for (size_t k = 0; k < columns; k++) {
        Lanes each[ROWS];
        for (int r = 0; r < ROWS; r++) each[r] = Lanes::all(numbers[static_cast<size_t>(r) * x.numbers_stride + k]);
        for (int b = 0; b < BLOCKS; b++) {
            const uint16_t* at = weights + (b * columns + k) * OUTPUTS;
            const Lanes column = FORMAT == Format::F16 ? Lanes::from_float16(at) : Lanes::from_bfloat16(at);
            for (int r = 0; r < ROWS; r++) acc[b][r] = Lanes::fma(each[r], column, acc[b][r]);
        }
    }
    for (int b = 0; b < BLOCKS; b++)
        for (int r = 0; r < ROWS; r++) acc[b][r].store(y + r * stride + b * OUTPUTS);
}

}  // namespace
