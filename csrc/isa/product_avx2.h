// Products without VNNI: vpmaddubsw multiplies unsigned weights with signed activations and adds pairs in 16 bits.
//
//     4 bits:  a pair is at most 2 · 15 · 127 = 3810, so eight quads of columns are added before anything leaves 16 bits: 30480 < 32767
//     5 bits:  2 · 31 · 127 = 7874, and four quads 31496;    6 bits: 2 · 63 · 127 = 16002, and two 32004
//     bytes:   u = 16 · high + low, each a nibble, so that no pair of 2 · 255 · 127 leaves 16 bits; the two sums meet in 32 bits
//
// vpmaddwd with ones then adds the two pairs of each row of weights: an exact lane of 32 bits.
#pragma once
#include "../contract.h"
#include "../kernels.h"
#include "scales.h"

namespace {

using namespace alize;

inline __m256i quad(const int8_t* x) {
    int32_t four;
    __builtin_memcpy(&four, x, 4);
    return _mm256_set1_epi32(four);
}

inline __m256i load_line(const uint8_t* from) { return _mm256_load_si256(reinterpret_cast<const __m256i*>(from)); }

// `numbers` with those bits of `upper` that begin at bit `from` as their bits 4 and, if there are two, 5. Shifts of 16 bits bring bits of the
// byte beside into others than these.
template <int BITS>
inline __m256i with_upper(__m256i numbers, __m256i upper, int from) {
    __m256i there = from <= 4 ? _mm256_slli_epi16(upper, 4 - from) : _mm256_srli_epi16(upper, from - 4);
    return _mm256_or_si256(numbers, _mm256_and_si256(there, _mm256_set1_epi8(BITS == 1 ? 16 : 48)));
}

// Columns 8j … 8j + 3 and 8j + 4 … 8j + 7 of 8 outputs, unsigned, in formats of fewer than eight bits.
template <Format FORMAT>
inline void two_quads(const uint8_t* lines, int j, __m256i& first, __m256i& second) {
    constexpr int UPPER = upper_bits(FORMAT);
    const __m256i low = _mm256_set1_epi8(15), both = load_line(lines + j * 64);
    first = _mm256_and_si256(both, low);
    second = _mm256_and_si256(_mm256_srli_epi16(both, 4), low);
    if constexpr (UPPER > 0) {
        const __m256i upper = load_line(lines + (4 + j * UPPER / 4) * 64);
        const int from = 2 * j * UPPER % 8;
        first = with_upper<UPPER>(first, upper, from);
        second = with_upper<UPPER>(second, upper, from + UPPER);
    }
}

// Keeps the additions in the order in which they are written: compilers would rather add in trees, and spill what waits for them.
inline void now(__m256i& sum) { asm("" : "+x"(sum)); }

// Bytes of one half of the outputs of one group for ROWS rows of activations, exact.
template <int ROWS>
inline void half_of_bytes(const uint8_t* lines, const int8_t* x, int32_t stride, __m256i* exact) {
    const __m256i low = _mm256_set1_epi8(15), ones = _mm256_set1_epi16(1);
    __m256i small[ROWS], large[ROWS];
    for (int r = 0; r < ROWS; r++) small[r] = large[r] = _mm256_setzero_si256();
#pragma GCC unroll 8
    for (int j = 0; j < 8; j++) {
        __m256i both = load_line(lines + j * 64);
        __m256i units = _mm256_and_si256(both, low), sixteens = _mm256_and_si256(_mm256_srli_epi16(both, 4), low);
        for (int r = 0; r < ROWS; r++) {
            __m256i four = quad(x + static_cast<size_t>(r) * stride + j * 4);
            small[r] = _mm256_add_epi16(small[r], _mm256_maddubs_epi16(units, four));
            large[r] = _mm256_add_epi16(large[r], _mm256_maddubs_epi16(sixteens, four));
            now(small[r]);
            now(large[r]);
        }
    }
    for (int r = 0; r < ROWS; r++)
        exact[r] = _mm256_add_epi32(_mm256_madd_epi16(small[r], ones), _mm256_slli_epi32(_mm256_madd_epi16(large[r], ones), 4));
}

// One group, or one part of it where its parts have scales of their own, for ROWS rows of activations: exact sums of both halves of the
// outputs, which share what is read of the activations.
template <Format FORMAT, int ROWS>
inline void whole_sums(const uint8_t* lines, const int8_t* x, int32_t stride, int part, __m256i (&exact)[2][ROWS]) {
    if constexpr (FORMAT == Format::Q8_0) {
        half_of_bytes<ROWS>(lines, x, stride, exact[0]);
        half_of_bytes<ROWS>(lines + 32, x, stride, exact[1]);
        return;
    }
    constexpr int PAIRS = 4 / parts_of_group(FORMAT), TOGETHER = 4 >> upper_bits(FORMAT);  // that 16 bits hold the sum of
    const __m256i ones = _mm256_set1_epi16(1);
    for (int start = 0; start < PAIRS; start += TOGETHER) {
        __m256i pairs[2][ROWS];
#pragma GCC unroll 4
        for (int j = part * PAIRS + start; j < part * PAIRS + start + TOGETHER; j++) {
            __m256i quads[2][2];
            for (int half = 0; half < 2; half++) two_quads<FORMAT>(lines + half * 32, j, quads[0][half], quads[1][half]);
            for (int which = 0; which < 2; which++)
                for (int r = 0; r < ROWS; r++) {
                    const __m256i four = quad(x + static_cast<size_t>(r) * stride + j * 8 + which * 4);
                    for (int half = 0; half < 2; half++) {
                        const __m256i product = _mm256_maddubs_epi16(quads[which][half], four);
                        const bool first = which == 0 && j == part * PAIRS + start;
                        pairs[half][r] = first ? product : _mm256_add_epi16(pairs[half][r], product);
                        now(pairs[half][r]);
                    }
                }
        }
        for (int half = 0; half < 2; half++)
            for (int r = 0; r < ROWS; r++) {
                const __m256i sum = _mm256_madd_epi16(pairs[half][r], ones);
                exact[half][r] = start == 0 ? sum : _mm256_add_epi32(exact[half][r], sum);
            }
    }
}

// Of 16 rows of weights the whole numbers in column k of a group.
template <Format FORMAT>
inline Lanes numbers_of_column(const uint8_t* lines, int32_t k) {
    constexpr int UPPER = upper_bits(FORMAT);
    constexpr bool BYTES = FORMAT == Format::Q8_0;
    const int32_t four = k / 4;
    auto bits = [&](int line, int half, int from, int mask) {  // of the byte of column k in each of 8 rows
        __m256i rows = load_line(lines + line * 64 + half * 32);
        return _mm256_and_si256(_mm256_srl_epi32(rows, _mm_cvtsi32_si128(k % 4 * 8 + from)), _mm256_set1_epi32(mask));
    };
    auto half = [&](int which) {
        __m256i i = BYTES ? bits(four, which, 0, 255) : bits(four / 2, which, four % 2 * 4, 15);
        if (UPPER > 0)
            i = _mm256_or_si256(i, _mm256_slli_epi32(bits(4 + four * UPPER / 8, which, four * UPPER % 8, (1 << UPPER) - 1), 4));
        return _mm256_cvtepi32_ps(_mm256_sub_epi32(i, _mm256_set1_epi32(offset_of(FORMAT))));
    };
    return Lanes{half(0), half(1)};
}

// Eight outputs' floats: half of Lanes.
struct Eight {
    __m256 a;
    static Eight all(float x) { return {_mm256_set1_ps(x)}; }
    static Eight mul(Eight x, Eight y) { return {_mm256_mul_ps(x.a, y.a)}; }
    static Eight fma(Eight x, Eight y, Eight z) { return {_mm256_fmadd_ps(x.a, y.a, z.a)}; }
    static Eight from_float16(const uint16_t* p) { return {_mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)))}; }
    static Eight from_bytes(const uint8_t* p) { return {_mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(Lanes::eight(p)))}; }
    static Eight from_signed_bytes(const uint8_t* p) { return {_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(Lanes::eight(p)))}; }
};

template <Format FORMAT, int BLOCKS, int ROWS>
void tile(const Matrix& w, int32_t block, const Rows& x, int32_t row, bool, float* y, size_t stride) {
    const int32_t groups = w.columns / GROUP;
    for (int b = 0; b < BLOCKS; b++) {
        Eight acc[2][ROWS];
        for (int half = 0; half < 2; half++)
            for (int r = 0; r < ROWS; r++) acc[half][r] = Eight::all(0.0f);
        for (int32_t g = 0; g < groups; g++) {
            const uint8_t* lines = w.values + place_of(w, block + b, g) * bytes_of_group(FORMAT);
            const int8_t* at = x.integers + static_cast<size_t>(row) * x.stride + g * GROUP;
            Eight f[2][ROWS];
            for (int part = 0; part < parts_of_group(FORMAT); part++) {
                __m256i exact[2][ROWS];
                whole_sums<FORMAT, ROWS>(lines, at, x.stride, part, exact);
                for (int half = 0; half < 2; half++) {
                    const Eight d = scale_of<FORMAT, Eight>(w, block + b, g, part, half * 8);
                    const Eight m = minimum_of<FORMAT, Eight>(w, block + b, g, half * 8);
                    for (int r = 0; r < ROWS; r++) {
                        const Eight sum = Eight::all(sum_of<FORMAT>(x, row + r, g, part));
                        const Eight whole = without_offset<FORMAT>(Eight{_mm256_cvtepi32_ps(exact[half][r])}, sum);
                        f[half][r] = Eight::fma(whole, d, part == 0 ? Eight::all(0.0f) : f[half][r]);
                        if (has_minimum(FORMAT)) f[half][r] = Eight::fma(sum, m, f[half][r]);
                    }
                }
            }
            for (int half = 0; half < 2; half++)
                for (int r = 0; r < ROWS; r++)
                    acc[half][r] = Eight::fma(f[half][r], Eight::all(x.scales[static_cast<size_t>(row + r) * x.blocks + g]), acc[half][r]);
        }
        for (int r = 0; r < ROWS; r++) Lanes{acc[0][r].a, acc[1][r].a}.store(y + r * stride + b * OUTPUTS);
    }
}

}  // namespace
