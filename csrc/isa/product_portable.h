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

template <Format FORMAT, int BLOCKS, int ROWS>
void tile(const Matrix& w, int32_t block, const Rows& x, int32_t row, float* y, size_t stride) {
    constexpr int32_t offset = FORMAT == Format::Q4_1 ? 0 : FORMAT == Format::Q4_0 ? 8 : 128;
    constexpr size_t bytes = FORMAT == Format::Q8_0 ? 512 : 256;
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
                        i += (stored(FORMAT, w.values + place * bytes, n, k) - offset) * integers[g * GROUP + k];
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
            acc.store(y + r * stride + b * OUTPUTS);
        }
}

}  // namespace
