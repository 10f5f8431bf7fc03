// Products without VNNI: vpmaddubsw multiplies unsigned weights with signed activations and adds pairs in 16 bits.
//
//     nibbles: a pair is at most 2 · 15 · 127 = 3810, so eight lines are added before anything leaves 16 bits: 30480 < 32767
//     bytes:   u = 16 · high + low, each a nibble, so that no pair of 2 · 255 · 127 leaves 16 bits; the two sums meet in 32 bits
//
// vpmaddwd with ones then adds the two pairs of each row of weights: an exact lane of 32 bits.
#pragma once
#include "../kernels.h"
#include "../contract.h"

namespace {

using namespace alize;

inline __m256i quad(const int8_t* x) {
    int32_t four;
    __builtin_memcpy(&four, x, 4);
    return _mm256_set1_epi32(four);
}

// One half of the rows (8 outputs) of one group's lines for ROWS rows of activations, exact.
template <Format FORMAT, int ROWS>
inline void half_group(const uint8_t* lines, const int8_t* x, int32_t stride, __m256i* exact) {
    const __m256i low = _mm256_set1_epi8(15), ones = _mm256_set1_epi16(1);
    if (FORMAT == Format::Q8_0) {
        __m256i small[ROWS], large[ROWS];
        for (int r = 0; r < ROWS; r++) small[r] = large[r] = _mm256_setzero_si256();
        for (int j = 0; j < 8; j++) {
            __m256i both = _mm256_load_si256(reinterpret_cast<const __m256i*>(lines + j * 64));
            __m256i units = _mm256_and_si256(both, low), sixteens = _mm256_and_si256(_mm256_srli_epi16(both, 4), low);
            for (int r = 0; r < ROWS; r++) {
                __m256i four = quad(x + static_cast<size_t>(r) * stride + j * 4);
                small[r] = _mm256_add_epi16(small[r], _mm256_maddubs_epi16(units, four));
                large[r] = _mm256_add_epi16(large[r], _mm256_maddubs_epi16(sixteens, four));
            }
        }
        for (int r = 0; r < ROWS; r++)
            exact[r] = _mm256_add_epi32(_mm256_madd_epi16(small[r], ones), _mm256_slli_epi32(_mm256_madd_epi16(large[r], ones), 4));
    } else {
        __m256i pairs[ROWS];
        for (int r = 0; r < ROWS; r++) pairs[r] = _mm256_setzero_si256();
        for (int j = 0; j < 4; j++) {
            __m256i both = _mm256_load_si256(reinterpret_cast<const __m256i*>(lines + j * 64));
            __m256i first = _mm256_and_si256(both, low), second = _mm256_and_si256(_mm256_srli_epi16(both, 4), low);
            for (int r = 0; r < ROWS; r++) {
                const int8_t* at = x + static_cast<size_t>(r) * stride + j * 8;
                pairs[r] = _mm256_add_epi16(pairs[r], _mm256_maddubs_epi16(first, quad(at)));
                pairs[r] = _mm256_add_epi16(pairs[r], _mm256_maddubs_epi16(second, quad(at + 4)));
            }
        }
        for (int r = 0; r < ROWS; r++) exact[r] = _mm256_madd_epi16(pairs[r], ones);
    }
}

// 16 outputs' weights of one column.
template <Format FORMAT>
inline Lanes weights_of_column(const Matrix& w, int32_t block, int32_t column) {
    constexpr int LINES = FORMAT == Format::Q8_0 ? 8 : 4, COLUMNS = GROUP / LINES;
    const size_t place = static_cast<size_t>(block) * (w.columns / GROUP) + column / GROUP;
    const int32_t k = column % GROUP;
    const uint8_t* line = w.values + (place * LINES + k / COLUMNS) * 64;
    const __m128i shift = _mm_cvtsi32_si128(FORMAT == Format::Q8_0 ? k % 4 * 8 : k % 4 * 8 + k % 8 / 4 * 4);
    const __m256i mask = _mm256_set1_epi32(FORMAT == Format::Q8_0 ? 255 : 15);
    const __m256i offset = _mm256_set1_epi32(FORMAT == Format::Q8_0 ? 128 : FORMAT == Format::Q4_0 ? 8 : 0);
    auto half = [&](const uint8_t* from) {
        __m256i four = _mm256_load_si256(reinterpret_cast<const __m256i*>(from));
        return _mm256_cvtepi32_ps(_mm256_sub_epi32(_mm256_and_si256(_mm256_srl_epi32(four, shift), mask), offset));
    };
    Lanes m = FORMAT == Format::Q4_1 ? Lanes::from_float16(w.minimums + place * OUTPUTS) : Lanes::all(0.0f);
    return Lanes::fma(Lanes{half(line), half(line + 32)}, Lanes::from_float16(w.scales + place * OUTPUTS), m);
}

template <Format FORMAT, int BLOCKS, int ROWS>
void tile(const Matrix& w, int32_t block, const Rows& x, int32_t row, float* y, size_t stride) {
    constexpr size_t bytes = FORMAT == Format::Q8_0 ? 512 : 256;
    const int32_t groups = w.columns / GROUP;
    for (int b = 0; b < BLOCKS; b++) {
        Lanes f[ROWS], acc[1][ROWS];
        for (int r = 0; r < ROWS; r++) f[r] = acc[0][r] = Lanes::all(0.0f);
        for (int32_t g = 0; g < groups; g++) {
            size_t place = static_cast<size_t>(block + b) * groups + g;
            const int8_t* at = x.integers + static_cast<size_t>(row) * x.stride + g * GROUP;
            __m256i left[ROWS], right[ROWS];
            half_group<FORMAT, ROWS>(w.values + place * bytes, at, x.stride, left);
            half_group<FORMAT, ROWS>(w.values + place * bytes + 32, at, x.stride, right);
            Lanes d = Lanes::from_float16(w.scales + place * OUTPUTS);
            Lanes m = FORMAT == Format::Q4_1 ? Lanes::from_float16(w.minimums + place * OUTPUTS) : d;
            for (int r = 0; r < ROWS; r++) {
                float sum = x.sums[static_cast<size_t>(row + r) * x.groups + g];
                if (FORMAT != Format::Q4_1) {
                    __m256i added = _mm256_set1_epi32(static_cast<int32_t>(sum) * (FORMAT == Format::Q4_0 ? 8 : 128));
                    left[r] = _mm256_sub_epi32(left[r], added);
                    right[r] = _mm256_sub_epi32(right[r], added);
                }
                f[r] = Lanes::fma(Lanes{_mm256_cvtepi32_ps(left[r]), _mm256_cvtepi32_ps(right[r])}, d, f[r]);
                if (FORMAT == Format::Q4_1) f[r] = Lanes::fma(Lanes::all(sum), m, f[r]);
                if ((g + 1) % (BLOCK / GROUP) == 0 || g + 1 == groups) {
                    const float scale = x.scales[static_cast<size_t>(row + r) * x.blocks + g / (BLOCK / GROUP)];
                    acc[0][r] = Lanes::fma(f[r], Lanes::all(scale), acc[0][r]);
                    f[r] = Lanes::all(0.0f);
                }
            }
        }
        add_apart<1, ROWS>(x, row, acc, [&](int, int32_t k) { return weights_of_column<FORMAT>(w, block + b, k); });
        for (int r = 0; r < ROWS; r++) acc[0][r].store(y + r * stride + b * OUTPUTS);
    }
}

}  // namespace
