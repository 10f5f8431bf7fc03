// Sixteen floats in one register. Each operation rounds as lanes_portable.h does.
#pragma once
#include <immintrin.h>
#include <cstdint>

#include "sums.h"

namespace {

struct Lanes {
    __m512 v;

    static Lanes all(float x) { return {_mm512_set1_ps(x)}; }
    static Lanes load(const float* p) { return {_mm512_loadu_ps(p)}; }
    void store(float* p) const { _mm512_storeu_ps(p, v); }

    static Lanes add(Lanes a, Lanes b) { return {_mm512_add_ps(a.v, b.v)}; }
    static Lanes sub(Lanes a, Lanes b) { return {_mm512_sub_ps(a.v, b.v)}; }
    static Lanes mul(Lanes a, Lanes b) { return {_mm512_mul_ps(a.v, b.v)}; }
    static Lanes div(Lanes a, Lanes b) { return {_mm512_div_ps(a.v, b.v)}; }
    static Lanes fma(Lanes a, Lanes b, Lanes c) { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }
    static Lanes max(Lanes a, Lanes b) { return {_mm512_max_ps(a.v, b.v)}; }
    static Lanes magnitude(Lanes a) { return {_mm512_abs_ps(a.v)}; }
    static Lanes nearest(Lanes a) { return {_mm512_roundscale_ps(a.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)}; }
    static Lanes where_less(Lanes x, Lanes y, Lanes a, Lanes b) {
        return {_mm512_mask_blend_ps(_mm512_cmp_ps_mask(x.v, y.v, _CMP_LT_OQ), b.v, a.v)};
    }
    static Lanes where_set(uint32_t bits, Lanes a, Lanes b) {
        return {_mm512_mask_blend_ps(static_cast<__mmask16>(bits), b.v, a.v)};
    }
    static uint32_t less(Lanes x, Lanes y) { return _mm512_cmp_ps_mask(x.v, y.v, _CMP_LT_OQ); }
    static Lanes power_of_two(Lanes n) {
        __m512i bits = _mm512_slli_epi32(_mm512_add_epi32(_mm512_cvttps_epi32(n.v), _mm512_set1_epi32(127)), 23);
        return {_mm512_castsi512_ps(bits)};
    }
    static Lanes from_bfloat16(const uint16_t* p) {
        __m512i wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
        return {_mm512_castsi512_ps(_mm512_slli_epi32(wide, 16))};
    }
    static Lanes from_float16(const uint16_t* p) {
        return {_mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)))};
    }
    static Lanes from_bytes(const uint8_t* p) {
        return {_mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))))};
    }
    static Lanes from_signed_bytes(const uint8_t* p) {
        return {_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))))};
    }
    void to_bfloat16(uint16_t* p) const {
        __m512i bits = _mm512_castps_si512(v);
        __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
        __m512i rounded = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
        __m512i quiet = _mm512_or_si512(bits, _mm512_set1_epi32(0x400000));
        __m512i kept = _mm512_mask_blend_epi32(_mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q), rounded, quiet);
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_cvtepi32_epi16(_mm512_srli_epi32(kept, 16)));
    }
    static float to_bytes(Lanes x, Lanes y, int8_t* p, float* sums) {
        constexpr int how = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
        __m128i a = _mm512_cvtepi32_epi8(_mm512_cvt_roundps_epi32(x.v, how)), b = _mm512_cvtepi32_epi8(_mm512_cvt_roundps_epi32(y.v, how));
        __m256i bytes = _mm256_inserti128_si256(_mm256_castsi128_si256(a), b, 1);
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), bytes);
        return store_sums(bytes, sums);
    }
    float sum() const {
        __m256 a = _mm256_add_ps(_mm512_castps512_ps256(v), _mm512_extractf32x8_ps(v, 1));
        __m128 b = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
        __m128 c = _mm_add_ps(b, _mm_movehl_ps(b, b));
        return _mm_cvtss_f32(_mm_add_ss(c, _mm_movehdup_ps(c)));
    }
    float greatest() const { return _mm512_reduce_max_ps(v); }
};

// Sixteen whole numbers of 64 bits.
struct Wholes {
    __m512i a = _mm512_setzero_si512(), b = _mm512_setzero_si512();  // lanes 0 … 7, 8 … 15

    Wholes() = default;
    Wholes(Lanes x, int64_t least) : a(whole(_mm512_castps512_ps256(x.v), least)), b(whole(_mm512_extractf32x8_ps(x.v, 1), least)) {}
    static __m512i whole(__m256 x, int64_t least) {
        __m512d moved = _mm512_add_pd(_mm512_cvtps_pd(x), _mm512_set1_pd(4096.0));
        __m512i units = _mm512_sub_epi64(_mm512_castpd_si512(moved), _mm512_set1_epi64(0x40B0000000000000));
        return _mm512_maskz_mov_epi64(_mm512_cmpge_epi64_mask(units, _mm512_set1_epi64(least)), units);
    }
    void add(const Wholes& other) {
        a = _mm512_add_epi64(a, other.a);
        b = _mm512_add_epi64(b, other.b);
    }
    void store(int64_t* p) const {
        _mm512_storeu_si512(p, a);
        _mm512_storeu_si512(p + 8, b);
    }
    int64_t sum() const { return _mm512_reduce_add_epi64(_mm512_add_epi64(a, b)); }
};

}  // namespace
