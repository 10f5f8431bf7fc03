// Products as contract.h states them, number by number.
#pragma once
#include "../kernels.h"
#include "../contract.h"

namespace {

using namespace alize;

// Weight of one output of a block and one column of a group, unsigned as it is stored.
inline int32_t stored(Format format, const uint8_t* lines, int32_t output, int32_t column) {
    if (format == Format::Q8_0) return lines[column / 4 * 64 + output * 4 + column % 4];
    uint8_t both = lines[column / 8 * 64 + output * 4 + column % 4];
    return column % 8 < 4 ? both & 15 : both >> 4;
}

constexpr int32_t offset_of(Format format) { return format == Format::Q4_1 ? 0 : format == Format::Q4_0 ? 8 : 128; }
constexpr size_t bytes_of_group(Format format) { return format == Format::Q8_0 ? 512 : 256; }

// 16 outputs' weights of one column.
template <Format FORMAT>
inline Lanes weights_of_column(const Matrix& w, int32_t block, int32_t column) {
    const size_t place = static_cast<size_t>(block) * (w.columns / GROUP) + column / GROUP;
    const uint8_t* lines = w.values + place * bytes_of_group(FORMAT);
    Lanes i = Lanes::each([&](int n) { return static_cast<float>(stored(FORMAT, lines, n, column % GROUP) - offset_of(FORMAT)); });
    Lanes m = FORMAT == Format::Q4_1 ? Lanes::from_float16(w.minimums + place * OUTPUTS) : Lanes::all(0.0f);
    return Lanes::fma(i, Lanes::from_float16(w.scales + place * OUTPUTS), m);
}

template <Format FORMAT, int BLOCKS, int ROWS>
void tile(const Matrix& w, int32_t block, const Rows& x, int32_t row, float* y, size_t stride) {
    const int32_t groups = w.columns / GROUP;
    for (int b = 0; b < BLOCKS; b++)
        for (int r = 0; r < ROWS; r++) {
            const int8_t* integers = x.integers + static_cast<size_t>(row + r) * x.stride;
            Lanes f = Lanes::all(0.0f), acc = Lanes::all(0.0f);
            for (int32_t g = 0; g < groups; g++) {
                size_t place = static_cast<size_t>(block + b) * groups + g;
                float exact[16];
                for (int32_t n = 0; n < OUTPUTS; n++) {
                    int32_t i = 0;
                    for (int32_t k = 0; k < GROUP; k++)
                        i += (stored(FORMAT, w.values + place * bytes_of_group(FORMAT), n, k) - offset_of(FORMAT)) * integers[g * GROUP + k];
                    exact[n] = static_cast<float>(i);
                }
                f = Lanes::fma(Lanes::load(exact), Lanes::from_float16(w.scales + place * OUTPUTS), f);
                if (FORMAT == Format::Q4_1) {
                    float sum = x.sums[static_cast<size_t>(row + r) * x.groups + g];
                    f = Lanes::fma(Lanes::all(sum), Lanes::from_float16(w.minimums + place * OUTPUTS), f);
                }
                if ((g + 1) % (BLOCK / GROUP) == 0 || g + 1 == groups) {
                    acc = Lanes::fma(f, Lanes::all(x.scales[static_cast<size_t>(row + r) * x.blocks + g / (BLOCK / GROUP)]), acc);
                    f = Lanes::all(0.0f);
                }
            }
            Lanes whole[1][1] = {{acc}};
            add_apart<1, 1>(x, row + r, whole, [&](int, int32_t k) { return weights_of_column<FORMAT>(w, block + b, k); });
            whole[0][0].store(y + r * stride + b * OUTPUTS);
        }
}

}  // namespace
