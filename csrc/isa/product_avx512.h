// Products with VNNI: vpdpbusd multiplies four unsigned bytes of a weight line with four signed activations and adds them to a lane.
//
//     line   n0k0 n0k1 n0k2 n0k3 | n1k0 … | … n15k3        64 bytes: 16 rows of weights, 4 columns
//     x      x0   x1   x2   x3   | x0   … | …              the same four activations before every row
//     lane n += n_k0·x0 + n_k1·x1 + n_k2·x2 + n_k3·x3
#pragma once
#include "../kernels.h"
#include "../contract.h"

namespace {

using namespace alize;

inline __m512i quad(const int8_t* x) {
    int32_t four;
    __builtin_memcpy(&four, x, 4);
    return _mm512_set1_epi32(four);
}

// 16 outputs' weights of one column.
template <Format FORMAT>
inline Lanes weights_of_column(const Matrix& w, int32_t block, int32_t column) {
    constexpr int LINES = FORMAT == Format::Q8_0 ? 8 : 4, COLUMNS = GROUP / LINES;
    const size_t place = static_cast<size_t>(block) * (w.columns / GROUP) + column / GROUP;
    const int32_t k = column % GROUP;
    __m512i line = _mm512_load_si512(w.values + (place * LINES + k / COLUMNS) * 64);
    __m512i i;
    if (FORMAT == Format::Q8_0) {
        i = _mm512_and_si512(_mm512_srl_epi32(line, _mm_cvtsi32_si128(k % 4 * 8)), _mm512_set1_epi32(255));
        i = _mm512_sub_epi32(i, _mm512_set1_epi32(128));
    } else {
        i = _mm512_and_si512(_mm512_srl_epi32(line, _mm_cvtsi32_si128(k % 4 * 8 + k % 8 / 4 * 4)), _mm512_set1_epi32(15));
        if (FORMAT == Format::Q4_0) i = _mm512_sub_epi32(i, _mm512_set1_epi32(8));
    }
    Lanes m = FORMAT == Format::Q4_1 ? Lanes::from_float16(w.minimums + place * OUTPUTS) : Lanes::all(0.0f);
    return Lanes::fma(Lanes{_mm512_cvtepi32_ps(i)}, Lanes::from_float16(w.scales + place * OUTPUTS), m);
}

// BLOCKS output blocks from `block` on for ROWS rows from `row` on: everything stays in registers until the last group.
template <Format FORMAT, int BLOCKS, int ROWS>
void tile(const Matrix& w, int32_t block, const Rows& x, int32_t row, float* y, size_t stride) {
    constexpr int LINES = FORMAT == Format::Q8_0 ? 8 : 4;
    constexpr bool TWO = BLOCKS * ROWS <= 4;  // two chains, or an addition would wait for the one before it
    const __m512i low = _mm512_set1_epi8(15);
    const int32_t groups = w.columns / GROUP;
    Lanes f[BLOCKS][ROWS], acc[BLOCKS][ROWS];
    for (int b = 0; b < BLOCKS; b++)
        for (int r = 0; r < ROWS; r++) f[b][r] = acc[b][r] = Lanes::all(0.0f);
    for (int32_t g = 0; g < groups; g++) {
        __m512i even[BLOCKS][ROWS], odd[BLOCKS][ROWS];
        for (int b = 0; b < BLOCKS; b++)
            for (int r = 0; r < ROWS; r++) even[b][r] = odd[b][r] = _mm512_setzero_si512();
#pragma GCC unroll 8
        for (int j = 0; j < LINES; j += FORMAT == Format::Q8_0 ? 2 : 1) {
            __m512i first[BLOCKS], second[BLOCKS];
            for (int b = 0; b < BLOCKS; b++) {
                const uint8_t* line = w.values + ((static_cast<size_t>(block + b) * groups + g) * LINES + j) * 64;
                if (FORMAT == Format::Q8_0) {
                    first[b] = _mm512_load_si512(line);
                    second[b] = _mm512_load_si512(line + 64);
                } else {
                    __m512i both = _mm512_load_si512(line);
                    first[b] = _mm512_and_si512(both, low);
                    second[b] = _mm512_and_si512(_mm512_srli_epi16(both, 4), low);
                }
            }
            int32_t column = g * GROUP + j * (FORMAT == Format::Q8_0 ? 4 : 8);
            for (int r = 0; r < ROWS; r++) {
                const int8_t* at = x.integers + static_cast<size_t>(row + r) * x.stride + column;
                __m512i four = quad(at), next = quad(at + 4);
                for (int b = 0; b < BLOCKS; b++) {
                    even[b][r] = _mm512_dpbusd_epi32(even[b][r], first[b], four);
                    __m512i& other = TWO ? odd[b][r] : even[b][r];
                    other = _mm512_dpbusd_epi32(other, second[b], next);
                }
            }
        }
        for (int b = 0; b < BLOCKS; b++) {
            size_t place = (static_cast<size_t>(block + b) * groups + g) * OUTPUTS;
            Lanes d = Lanes::from_float16(w.scales + place);
            Lanes m = FORMAT == Format::Q4_1 ? Lanes::from_float16(w.minimums + place) : d;
            for (int r = 0; r < ROWS; r++) {
                __m512i i = TWO ? _mm512_add_epi32(even[b][r], odd[b][r]) : even[b][r];
                float sum = x.sums[static_cast<size_t>(row + r) * x.groups + g];
                if (FORMAT != Format::Q4_1)  // what was added to make the weights unsigned
                    i = _mm512_sub_epi32(i, _mm512_set1_epi32(static_cast<int32_t>(sum) * (FORMAT == Format::Q4_0 ? 8 : 128)));
                f[b][r] = Lanes::fma(Lanes{_mm512_cvtepi32_ps(i)}, d, f[b][r]);
                if (FORMAT == Format::Q4_1) f[b][r] = Lanes::fma(Lanes::all(sum), m, f[b][r]);
                if ((g + 1) % (BLOCK / GROUP) == 0 || g + 1 == groups) {
                    float scale = x.scales[static_cast<size_t>(row + r) * x.blocks + g / (BLOCK / GROUP)];
                    acc[b][r] = Lanes::fma(f[b][r], Lanes::all(scale), acc[b][r]);
                    f[b][r] = Lanes::all(0.0f);
                }
            }
        }
    }
    add_apart<BLOCKS, ROWS>(x, row, acc, [&](int b, int32_t k) { return weights_of_column<FORMAT>(w, block + b, k); });
    for (int b = 0; b < BLOCKS; b++)
        for (int r = 0; r < ROWS; r++) acc[b][r].store(y + r * stride + b * OUTPUTS);
}

}  // namespace
