// Blocks of GGUF files, as llama.cpp lays them out. In: the blocks of one row. Out: a group of 32 columns as whole numbers and what they
// are multiplied by.
//
//     Q4_0   d, 16 bytes: column k in the low nibble of byte k, k + 16 in the high one         Q4_1   d, m, the same
//     Q5_0   d, 4 bytes: bit k is the fifth of column k, then as Q4_0                          Q5_1   d, m, the same
//     Q8_0   d, 32 bytes with a sign
//     Q4_K   d, dmin, 12 bytes of factors, 128 bytes: of each 32 the low nibbles are one group of columns, the high ones the next
//     Q5_K   d, dmin, 12 bytes of factors, 32 bytes: bit g of byte k is the fifth of column k of group g, then as Q4_K
//     Q6_K   128 bytes of lower bits, 64 of upper ones, 16 factors, d
//
// A format is a template's argument, so that nothing is asked of it for each group: a model's start waits for four million of them.
#pragma once
#include <cstddef>
#include <cstring>

#include "contract.h"
#include "formats.h"

namespace alize {

struct Group {
    uint8_t integers[GROUP];  // with offset_of(format) added
    uint16_t scale, minimum;  // float16; the minimum 0 where there is none, and negative in formats with factors
    uint8_t factors[2];       // see Matrix; 0 where there are none
};

constexpr size_t bytes_of_block(Format format) {
    switch (format) {
        case Format::Q4_0: return 18;
        case Format::Q4_1: return 20;
        case Format::Q5_0: return 22;
        case Format::Q5_1: return 24;
        case Format::Q8_0: return 34;
        case Format::Q4_K: return 144;
        case Format::Q5_K: return 176;
        case Format::Q6_K: return 210;
        case Format::F16: case Format::BF16: return 2 * GROUP;
    }
    return 0;
}

constexpr size_t bytes_of_row(Format format, int64_t columns) {
    return static_cast<size_t>(columns / (GROUP * groups_of_scale(format))) * bytes_of_block(format);
}

inline uint16_t two_bytes(const uint8_t* from) {
    uint16_t number;
    std::memcpy(&number, from, 2);
    return number;
}

inline void read_bytes(const uint8_t* block, Group& out) {
    for (int k = 0; k < GROUP; k++) out.integers[k] = static_cast<uint8_t>(block[2 + k] + 128);
}

template <Format F>
void read_nibbles(const uint8_t* block, Group& out) {
    const uint8_t* nibbles = block + 2;
    if (has_minimum(F)) {
        out.minimum = two_bytes(block + 2);
        nibbles += 2;
    }
    uint32_t fifths = 0;
    if (upper_bits(F) == 1) {
        std::memcpy(&fifths, nibbles, 4);
        nibbles += 4;
    }
    for (int k = 0; k < 16; k++) {
        out.integers[k] = nibbles[k] & 15;
        out.integers[k + 16] = nibbles[k] >> 4;
    }
    for (int k = 0; upper_bits(F) == 1 && k < GROUP; k++) out.integers[k] |= static_cast<uint8_t>((fifths >> k & 1) << 4);
}

// Eight factors of scales and eight of minimums, six bits each: those of the first four groups in the lower bits of bytes 0 … 3 and 4 … 7, the
// lower four bits of the others in bytes 8 … 11, and the upper two in what is left of the first eight.
template <Format F>
void read_four_or_five(const uint8_t* block, int g, Group& out) {
    out.minimum = two_bytes(block + 2) ^ 0x8000;
    const uint8_t* factors = block + 4;
    if (g < 4) {
        out.factors[0] = factors[g] & 63;
        out.factors[1] = factors[g + 4] & 63;
    } else {
        out.factors[0] = static_cast<uint8_t>((factors[g + 4] & 15) | factors[g - 4] >> 6 << 4);
        out.factors[1] = static_cast<uint8_t>(factors[g + 4] >> 4 | factors[g] >> 6 << 4);
    }
    const uint8_t *fifths = block + 16, *nibbles = fifths + (upper_bits(F) == 1 ? 32 : 0) + g / 2 * 32;
    for (int k = 0; k < GROUP; k++) {
        int lower = nibbles[k] >> g % 2 * 4 & 15;
        out.integers[k] = static_cast<uint8_t>(upper_bits(F) == 1 ? lower | (fifths[k] >> g & 1) << 4 : lower);
    }
}

// Four groups of each half of the columns: lower bits in the low nibbles of 32 bytes and of the next 32, then in their high ones; upper bits two
// by two in the same 32 bytes.
inline void read_six(const uint8_t* block, int g, Group& out) {
    const uint8_t *lower = block + g / 4 * 64 + g % 2 * 32, *upper = block + 128 + g / 4 * 32;
    for (int k = 0; k < GROUP; k++)
        out.integers[k] = static_cast<uint8_t>((lower[k] >> g % 4 / 2 * 4 & 15) | (upper[k] >> g % 4 * 2 & 3) << 4);
    std::memcpy(out.factors, block + 192 + g * 2, 2);
}

// `row`: its blocks.
template <Format F>
inline Group read_group(const uint8_t* row, int32_t group) {
    Group out{};
    constexpr int32_t share = groups_of_scale(F);
    const uint8_t* block = row + static_cast<size_t>(group / share) * bytes_of_block(F);
    out.scale = two_bytes(F == Format::Q6_K ? block + 208 : block);
    if constexpr (F == Format::Q6_K)
        read_six(block, group % share, out);
    else if constexpr (has_factors(F))
        read_four_or_five<F>(block, group % share, out);
    else if constexpr (F == Format::Q8_0)
        read_bytes(block, out);
    else
        read_nibbles<F>(block, out);
    return out;
}

}  // namespace alize
