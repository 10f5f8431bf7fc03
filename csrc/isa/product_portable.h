// Products as contract.h states them, number by number.
#pragma once
#include "../contract.h"
#include "../kernels.h"
#include "scales.h"

namespace {

using namespace alize;

// Weight of one output of a block and one column of a group, unsigned as it is stored: see formats.h.
template <Format FORMAT>
inline int32_t stored(const uint8_t* lines, int32_t output, int32_t column) {
    const int32_t place = output * 4 + column % 4, quad = column / 4;
    if (FORMAT == Format::Q8_0) return lines[quad * 64 + place];
    constexpr int UPPER = upper_bits(FORMAT);
    int32_t i = lines[quad / 2 * 64 + place] >> quad % 2 * 4 & 15;
    if (UPPER == 1) i |= (lines[4 * 64 + place] >> quad & 1) << 4;
    if (UPPER == 2) i |= (lines[(4 + quad / 4) * 64 + place] >> quad % 4 * 2 & 3) << 4;
    return i;
}

// Of 16 rows of weights the whole numbers in column k of a group.
template <Format FORMAT>
inline Lanes numbers_of_column(const uint8_t* lines, int32_t k) {
    return Lanes::each([&](int n) { return static_cast<float>(stored<FORMAT>(lines, n, k) - offset_of(FORMAT)); });
}

template <Format FORMAT, int BLOCKS, int ROWS>
void tile(const Matrix& w, int32_t block, const Rows& x, int32_t row, bool, float* y, size_t stride) {
    constexpr int PARTS = parts_of_group(FORMAT), COLUMNS = GROUP / PARTS;
    const int32_t groups = w.columns / GROUP;
    for (int b = 0; b < BLOCKS; b++)
        for (int r = 0; r < ROWS; r++) {
            const int8_t* integers = x.integers + static_cast<size_t>(row + r) * x.stride;
            Lanes acc = Lanes::all(0.0f);
            for (int32_t g = 0; g < groups; g++) {
                const uint8_t* lines = w.values + place_of(w, block + b, g) * bytes_of_group(FORMAT);
                Lanes f = Lanes::all(0.0f);
                for (int part = 0; part < PARTS; part++) {
                    Lanes exact = Lanes::each([&](int n) {
                        int32_t i = 0;
                        for (int32_t k = part * COLUMNS; k < (part + 1) * COLUMNS; k++)
                            i += (stored<FORMAT>(lines, n, k) - offset_of(FORMAT)) * integers[g * GROUP + k];
                        return static_cast<float>(i);
                    });
                    f = Lanes::fma(exact, scale_of<FORMAT>(w, block + b, g, part), f);
                }
                if (has_minimum(FORMAT))
                    f = Lanes::fma(Lanes::all(sum_of<FORMAT>(x, row + r, g)), minimum_of<FORMAT>(w, block + b, g), f);
                acc = Lanes::fma(f, Lanes::all(x.scales[static_cast<size_t>(row + r) * x.blocks + g]), acc);
            }
            acc.store(y + r * stride + b * OUTPUTS);
        }
}

}  // namespace
