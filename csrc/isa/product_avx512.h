// Products with VNNI: vpdpbusd multiplies four unsigned bytes of a weight line with four signed activations and adds them to a lane.
//
//     line   n0k0 n0k1 n0k2 n0k3 | n1k0 … | … n15k3        64 bytes: 16 rows of weights, 4 columns
//     x      x0   x1   x2   x3   | x0   … | …              the same four activations before every row
//     lane n += n_k0·x0 + n_k1·x1 + n_k2·x2 + n_k3·x3
#pragma once
#include "../contract.h"
#include "../kernels.h"
#include "scales.h"

namespace {

using namespace alize;

inline __m512i quad(const int8_t* x) {
    int32_t four;
    __builtin_memcpy(&four, x, 4);
    return _mm512_set1_epi32(four);
}

// `numbers` with those bits of `upper` that begin at bit `from` as their bits 4 and, if there are two, 5. Shifts of 16 bits bring bits of the
// byte beside into others than these.
template <int BITS>
inline __m512i with_upper(__m512i numbers, __m512i upper, int from) {
    __m512i there = from <= 4 ? _mm512_slli_epi16(upper, 4 - from) : _mm512_srli_epi16(upper, from - 4);
    return _mm512_ternarylogic_epi32(there, _mm512_set1_epi8(BITS == 1 ? 16 : 48), numbers, 0xea);  // there & mask | numbers
}

// Columns 8j … 8j + 3 and 8j + 4 … 8j + 7 of a group, unsigned.
template <Format FORMAT>
inline void two_quads(const uint8_t* lines, int j, __m512i& first, __m512i& second) {
    if constexpr (FORMAT == Format::Q8_0) {
        first = _mm512_load_si512(lines + j * 128);
        second = _mm512_load_si512(lines + j * 128 + 64);
        return;
    }
    constexpr int UPPER = upper_bits(FORMAT);
    const __m512i low = _mm512_set1_epi8(15), both = _mm512_load_si512(lines + j * 64);
    first = _mm512_and_si512(both, low);
    second = _mm512_and_si512(_mm512_srli_epi16(both, 4), low);
    if constexpr (UPPER > 0) {
        const __m512i upper = _mm512_load_si512(lines + (4 + j * UPPER / 4) * 64);
        const int from = 2 * j * UPPER % 8;
        first = with_upper<UPPER>(first, upper, from);
        second = with_upper<UPPER>(second, upper, from + UPPER);
    }
}

// Of 16 rows of weights the whole numbers in column k of a group.
template <Format FORMAT>
inline Lanes numbers_of_column(const uint8_t* lines, int32_t k) {
    constexpr int UPPER = upper_bits(FORMAT);
    constexpr bool BYTES = FORMAT == Format::Q8_0;
    const int32_t four = k / 4;
    auto bits = [&](int line, int from, int mask) {  // of the byte of column k in each of 16 rows
        __m512i rows = _mm512_load_si512(lines + line * 64);
        return _mm512_and_si512(_mm512_srl_epi32(rows, _mm_cvtsi32_si128(k % 4 * 8 + from)), _mm512_set1_epi32(mask));
    };
    __m512i i = BYTES ? bits(four, 0, 255) : bits(four / 2, four % 2 * 4, 15);
    if (UPPER > 0) i = _mm512_or_si512(i, _mm512_slli_epi32(bits(4 + four * UPPER / 8, four * UPPER % 8, (1 << UPPER) - 1), 4));
    return Lanes{_mm512_cvtepi32_ps(_mm512_sub_epi32(i, _mm512_set1_epi32(offset_of(FORMAT))))};
}

constexpr int AHEAD = 6;  // groups that are asked for before they are needed, where a tile is the first to read its weights

// BLOCKS output blocks from `block` on for ROWS rows from `row` on: everything stays in registers until the last group.
template <Format FORMAT, int BLOCKS, int ROWS>
void tile(const Matrix& w, int32_t block, const Rows& x, int32_t row, bool cold, float* y, size_t stride) {
    constexpr int PARTS = parts_of_group(FORMAT), PAIRS = 4 / PARTS;
    constexpr bool TWO = BLOCKS * ROWS <= 4;  // two chains, or an addition would wait for the one before it
    const int32_t groups = w.columns / GROUP;
    Lanes acc[BLOCKS][ROWS];
    for (int b = 0; b < BLOCKS; b++)
        for (int r = 0; r < ROWS; r++) acc[b][r] = Lanes::all(0.0f);
    for (int32_t g = 0; g < groups; g++) {
        if (ROWS >= 4 && cold) {  // fewer are bound by memory, and only lose by it
            static_assert(ROWS < 4 || BLOCKS == 1);
            const auto ahead = reinterpret_cast<uintptr_t>(w.values) + (place_of(w, block, g) + AHEAD) * bytes_of_group(FORMAT);
            for (int line = 0; line < lines_of_group(FORMAT); line++) __builtin_prefetch(reinterpret_cast<const void*>(ahead + line * 64));
        }
        Lanes f[BLOCKS][ROWS];
        for (int b = 0; b < BLOCKS; b++)
            for (int r = 0; r < ROWS; r++) f[b][r] = Lanes::all(0.0f);
#pragma GCC unroll 2
        for (int part = 0; part < PARTS; part++) {
            __m512i even[BLOCKS][ROWS], odd[BLOCKS][ROWS];
            for (int b = 0; b < BLOCKS; b++)
                for (int r = 0; r < ROWS; r++) even[b][r] = odd[b][r] = _mm512_setzero_si512();
#pragma GCC unroll 4
            for (int j = part * PAIRS; j < (part + 1) * PAIRS; j++) {
                __m512i first[BLOCKS], second[BLOCKS];
                for (int b = 0; b < BLOCKS; b++)
                    two_quads<FORMAT>(w.values + place_of(w, block + b, g) * bytes_of_group(FORMAT), j, first[b], second[b]);
                for (int r = 0; r < ROWS; r++) {
                    const int8_t* at = x.integers + static_cast<size_t>(row + r) * x.stride + g * GROUP + j * 8;
                    __m512i four = quad(at), next = quad(at + 4);
                    for (int b = 0; b < BLOCKS; b++) {
                        even[b][r] = _mm512_dpbusd_epi32(even[b][r], first[b], four);
                        __m512i& other = TWO ? odd[b][r] : even[b][r];
                        other = _mm512_dpbusd_epi32(other, second[b], next);
                    }
                }
            }
            for (int b = 0; b < BLOCKS; b++) {
                const Lanes d = scale_of<FORMAT>(w, block + b, g, part), m = minimum_of<FORMAT>(w, block + b, g);
                for (int r = 0; r < ROWS; r++) {
                    __m512i i = TWO ? _mm512_add_epi32(even[b][r], odd[b][r]) : even[b][r];
                    const Lanes sum = Lanes::all(sum_of<FORMAT>(x, row + r, g, part));
                    f[b][r] = Lanes::fma(without_offset<FORMAT>(Lanes{_mm512_cvtepi32_ps(i)}, sum), d, f[b][r]);
                    if (has_minimum(FORMAT)) f[b][r] = Lanes::fma(sum, m, f[b][r]);
                }
            }
        }
        for (int b = 0; b < BLOCKS; b++)
            for (int r = 0; r < ROWS; r++) {
                float scale = x.scales[static_cast<size_t>(row + r) * x.blocks + g];
                acc[b][r] = Lanes::fma(f[b][r], Lanes::all(scale), acc[b][r]);
            }
    }
    for (int b = 0; b < BLOCKS; b++)
        for (int r = 0; r < ROWS; r++) acc[b][r].store(y + r * stride + b * OUTPUTS);
}

}  // namespace
