// A range of outputs for some rows, cut into the tiles that an isa/ file computes: MOST_ROWS is of how many rows at once.
#pragma once
#include "../kernels.h"
#include "../contract.h"
#include "apart.h"
#include "product_floats.h"

namespace {

using namespace alize;

// `cold`: whether these weights have not been read for other rows a moment ago.
template <Format FORMAT, int BLOCKS, int ROWS>
void any_tile(const Matrix& w, int32_t block, const Rows& x, int32_t row, bool cold, float* y, size_t stride) {
    if constexpr (is_float(FORMAT))
        tile_of_floats<FORMAT, BLOCKS, ROWS>(w, block, x, row, y, stride);
    else
        tile<FORMAT, BLOCKS, ROWS>(w, block, x, row, cold, y, stride);
}

// Tiles of SIDE output blocks, as long as there are so many; then of fewer.
template <Format FORMAT, int ROWS, int SIDE>
void sides_of_tiles(const Matrix& w, int32_t first, int32_t last, const Rows& x, int32_t row, bool cold, float* y, size_t stride) {
    for (; first + SIDE <= last; first += SIDE, y += SIDE * OUTPUTS) any_tile<FORMAT, SIDE, ROWS>(w, first, x, row, cold, y, stride);
    constexpr int FEWER = MOST_ROWS > 4 ? SIDE - 1 : 1;  // where there are few registers, tiles of two and three cost more than they save
    if constexpr (SIDE > 1)
        if (first < last) sides_of_tiles<FORMAT, ROWS, FEWER>(w, first, last, x, row, cold, y, stride);
}

template <Format FORMAT, int ROWS>
void columns_of_tiles(const Matrix& w, int32_t first, int32_t last, const Rows& x, int32_t row, bool cold, float* y, size_t stride) {
    constexpr bool WIDE = is_float(FORMAT) && MOST_ROWS > 4;  // registers for more, and nothing but sums to put there
    constexpr int SIDE = WIDE && ROWS > 1 ? (ROWS == 2 ? 4 : 2) : MOST_ROWS == 1 ? 1 : ROWS == 1 ? 4 : ROWS == 2 ? 2 : 1;  // few rows: more outputs, or sums wait for each other
    sides_of_tiles<FORMAT, ROWS, SIDE>(w, first, last, x, row, cold, y, stride);
}

// Tiles of ROWS rows, as long as there are so many; then of fewer.
template <Format FORMAT, int ROWS>
void rows_of_tiles(const Matrix& w, int32_t first, int32_t last, const Rows& x, int32_t row, int32_t count, bool cold, float* y,
                   size_t stride) {
    for (; count >= ROWS; count -= ROWS, row += ROWS, y += ROWS * stride, cold = false)
        columns_of_tiles<FORMAT, ROWS>(w, first, last, x, row, cold, y, stride);
    if constexpr (ROWS > 1)
        if (count > 0) rows_of_tiles<FORMAT, ROWS - 1>(w, first, last, x, row, count, cold, y, stride);
}

template <Format FORMAT>
void product_of(const Matrix& w, int32_t first, int32_t last, const Rows& x, int32_t row, int32_t count, float* y, size_t stride) {
    rows_of_tiles<FORMAT, MOST_ROWS>(w, first, last, x, row, count, true, y, stride);
    if constexpr (!is_float(FORMAT)) add_apart<FORMAT>(w, first, last, x, row, count, y, stride);
}

// `way` for a format that is known only here.
template <class Way>
void with_format(Format format, Way way) {
    switch (format) {
        case Format::Q4_1: return way.template operator()<Format::Q4_1>();
        case Format::Q4_0: return way.template operator()<Format::Q4_0>();
        case Format::Q8_0: return way.template operator()<Format::Q8_0>();
        case Format::Q4_K: return way.template operator()<Format::Q4_K>();
        case Format::Q5_K: return way.template operator()<Format::Q5_K>();
        case Format::Q6_K: return way.template operator()<Format::Q6_K>();
        case Format::Q5_0: return way.template operator()<Format::Q5_0>();
        case Format::Q5_1: return way.template operator()<Format::Q5_1>();
        case Format::F16: return way.template operator()<Format::F16>();
        case Format::BF16: return way.template operator()<Format::BF16>();
    }
}

[[maybe_unused]] void product(const Matrix& w, int32_t first, int32_t last, const Rows& x, int32_t row, int32_t count, float* y, size_t stride) {
    with_format(w.format, [&]<Format FORMAT>() { product_of<FORMAT>(w, first, last, x, row, count, y, stride); });
}

}  // namespace
