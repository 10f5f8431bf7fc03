// A range of outputs for some rows, cut into the tiles that an isa/ file computes.
#pragma once
#include "../kernels.h"
#include "../contract.h"

namespace {

using namespace alize;

template <Format FORMAT, int ROWS>
void columns_of_tiles(const Matrix& w, int32_t first, int32_t last, const Rows& x, int32_t row, float* y, size_t stride) {
    constexpr int SIDE = ROWS == 1 ? 4 : ROWS == 2 ? 2 : 1;  // few rows: more outputs at once, so that sums do not wait for each other
    int32_t block = first;
    for (; block + SIDE <= last; block += SIDE)
        tile<FORMAT, SIDE, ROWS>(w, block, x, row, y + static_cast<size_t>(block - first) * OUTPUTS, stride);
    for (; SIDE > 1 && block < last; block++)
        tile<FORMAT, 1, ROWS>(w, block, x, row, y + static_cast<size_t>(block - first) * OUTPUTS, stride);
}

template <Format FORMAT>
void product_of(const Matrix& w, int32_t first, int32_t last, const Rows& x, int32_t row, int32_t count, float* y, size_t stride) {
    while (count > 0) {
        int32_t rows = count < PRODUCT_ROWS ? count : PRODUCT_ROWS;
        switch (rows) {
            case 1: columns_of_tiles<FORMAT, 1>(w, first, last, x, row, y, stride); break;
            case 2: columns_of_tiles<FORMAT, 2>(w, first, last, x, row, y, stride); break;
            case 3: columns_of_tiles<FORMAT, 3>(w, first, last, x, row, y, stride); break;
            case 4: columns_of_tiles<FORMAT, 4>(w, first, last, x, row, y, stride); break;
            case 5: columns_of_tiles<FORMAT, 5>(w, first, last, x, row, y, stride); break;
            case 6: columns_of_tiles<FORMAT, 6>(w, first, last, x, row, y, stride); break;
            case 7: columns_of_tiles<FORMAT, 7>(w, first, last, x, row, y, stride); break;
            default: columns_of_tiles<FORMAT, 8>(w, first, last, x, row, y, stride);
        }
        row += rows;
        count -= rows;
        y += rows * stride;
    }
}

void product(const Matrix& w, int32_t first, int32_t last, const Rows& x, int32_t row, int32_t count, float* y, size_t stride) {
    switch (w.format) {
        case Format::Q4_1: return product_of<Format::Q4_1>(w, first, last, x, row, count, y, stride);
        case Format::Q4_0: return product_of<Format::Q4_0>(w, first, last, x, row, count, y, stride);
        case Format::Q8_0: return product_of<Format::Q8_0>(w, first, last, x, row, count, y, stride);
    }
}

}  // namespace
