#include "pack.h"

#include "contract.h"

#include <cstring>

namespace alize {

namespace {

size_t lines_of(Format format) { return format == Format::Q8_0 ? 8 : 4; }

size_t bytes_of_block(Format format) { return format == Format::Q4_1 ? 20 : format == Format::Q4_0 ? 18 : 34; }

float half(uint16_t bits) {
    uint32_t exponent = bits >> 10 & 31, fraction = bits & 1023;
    float x = static_cast<float>(fraction) * 0x1p-24f;
    if (exponent != 0) {
        uint32_t wide = (exponent == 31 ? 255u : exponent + 112) << 23 | fraction << 13;
        std::memcpy(&x, &wide, 4);
    }
    return bits & 0x8000 ? -x : x;
}

// Column k of a block as it is stored: a nibble, or an integer plus 128. A block of 4 bits holds columns 0 … 15 in its low nibbles.
uint8_t integer_of(Format format, const uint8_t* block, int k) {
    if (format == Format::Q8_0) return static_cast<uint8_t>(block[2 + k] + 128);
    const uint8_t* nibbles = block + (format == Format::Q4_1 ? 4 : 2);
    return k < 16 ? nibbles[k] & 15 : nibbles[k - 16] >> 4;
}

}  // namespace

size_t bytes_of_values(Format format, int64_t rows, int64_t columns) {
    return static_cast<size_t>(rows / OUTPUTS * (columns / GROUP)) * lines_of(format) * 64;
}

size_t count_of_scales(int64_t rows, int64_t columns) { return static_cast<size_t>(rows * (columns / GROUP)); }

void pack(Format format, const uint8_t* blocks, const int32_t* source_rows, int32_t rows, int32_t columns, uint8_t* values,
          uint16_t* scales, uint16_t* minimums) {
    const int32_t groups = columns / GROUP;
    const size_t size = bytes_of_block(format), bytes = lines_of(format) * 64;
    for (int32_t n = 0; n < rows; n++)
        for (int32_t g = 0; g < groups; g++) {
            size_t place = static_cast<size_t>(n / OUTPUTS) * groups + g;
            uint8_t* lines = values + place * bytes + n % OUTPUTS * 4;
            uint16_t d = 0, m = 0;
            uint8_t integers[GROUP];
            if (source_rows[n] < 0) {
                std::memset(integers, format == Format::Q8_0 ? 128 : format == Format::Q4_0 ? 8 : 0, sizeof integers);
            } else {
                const uint8_t* block = blocks + (static_cast<size_t>(source_rows[n]) * groups + g) * size;
                std::memcpy(&d, block, 2);
                if (format == Format::Q4_1) std::memcpy(&m, block + 2, 2);
                for (int k = 0; k < GROUP; k++) integers[k] = integer_of(format, block, k);
            }
            for (int k = 0; k < GROUP; k += 4) {
                if (format == Format::Q8_0)
                    std::memcpy(lines + k / 4 * 64, integers + k, 4);
                else if (k % 8 == 0)
                    for (int i = 0; i < 4; i++) lines[k / 8 * 64 + i] = static_cast<uint8_t>(integers[k + i] | integers[k + 4 + i] << 4);
            }
            scales[place * OUTPUTS + n % OUTPUTS] = d;
            if (format == Format::Q4_1) minimums[place * OUTPUTS + n % OUTPUTS] = m;
        }
}

void unpack_row(const Matrix& w, int32_t row, float* out) {
    const int32_t groups = w.columns / GROUP;
    for (int32_t g = 0; g < groups; g++) {
        size_t place = static_cast<size_t>(row / OUTPUTS) * groups + g;
        const uint8_t* lines = w.values + place * lines_of(w.format) * 64 + row % OUTPUTS * 4;
        float d = half(w.scales[place * OUTPUTS + row % OUTPUTS]);
        float m = w.format == Format::Q4_1 ? half(w.minimums[place * OUTPUTS + row % OUTPUTS]) : 0.0f;
        for (int k = 0; k < GROUP; k++) {
            if (w.format == Format::Q8_0) {
                out[g * GROUP + k] = static_cast<float>(lines[k / 4 * 64 + k % 4] - 128) * d;
                continue;
            }
            uint8_t both = lines[k / 8 * 64 + k % 4];
            int nibble = k % 8 < 4 ? both & 15 : both >> 4;
            out[g * GROUP + k] = w.format == Format::Q4_1 ? static_cast<float>(nibble) * d + m : static_cast<float>(nibble - 8) * d;
        }
    }
}

}  // namespace alize
