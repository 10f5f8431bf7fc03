// Sixteen floats in two registers. Each operation rounds as lanes_portable.h does.
#pragma once
#include <immintrin.h>
#include <cstdint>

#include "sums.h"

namespace {

struct Lanes {
    __m256 a, b;  // lanes 0 … 7, 8 … 15

    static Lanes all(float x) { return {_mm256_set1_ps(x), _mm256_set1_ps(x)}; }
    static Lanes load(const float* p) { return {_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)}; }
    void store(float* p) const { _mm256_storeu_ps(p, a); _mm256_storeu_ps(p + 8, b); }

    static Lanes add(Lanes x, Lanes y) { return {_mm256_add_ps(x.a, y.a), _mm256_add_ps(x.b, y.b)}; }
    static Lanes sub(Lanes x, Lanes y) { return {_mm256_sub_ps(x.a, y.a), _mm256_sub_ps(x.b, y.b)}; }
    static Lanes mul(Lanes x, Lanes y) { return {_mm256_mul_ps(x.a, y.a), _mm256_mul_ps(x.b, y.b)}; }
    static Lanes div(Lanes x, Lanes y) { return {_mm256_div_ps(x.a, y.a), _mm256_div_ps(x.b, y.b)}; }
    static Lanes fma(Lanes x, Lanes y, Lanes z) { return {_mm256_fmadd_ps(x.a, y.a, z.a), _mm256_fmadd_ps(x.b, y.b, z.b)}; }
    static Lanes max(Lanes x, Lanes y) { return {_mm256_max_ps(x.a, y.a), _mm256_max_ps(x.b, y.b)}; }
    static Lanes magnitude(Lanes x) {
        __m256 sign = _mm256_set1_ps(-0.0f);
        return {_mm256_andnot_ps(sign, x.a), _mm256_andnot_ps(sign, x.b)};
    }
    static Lanes nearest(Lanes x) {
        constexpr int how = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
        return {_mm256_round_ps(x.a, how), _mm256_round_ps(x.b, how)};
    }
    static Lanes where_less(Lanes x, Lanes y, Lanes p, Lanes q) {
        return {_mm256_blendv_ps(q.a, p.a, _mm256_cmp_ps(x.a, y.a, _CMP_LT_OQ)),
                _mm256_blendv_ps(q.b, p.b, _mm256_cmp_ps(x.b, y.b, _CMP_LT_OQ))};
    }
    static __m256 chosen(uint32_t bits, __m256 p, __m256 q) {
        __m256i each = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
        __m256i set = _mm256_cmpeq_epi32(_mm256_and_si256(_mm256_set1_epi32(static_cast<int32_t>(bits)), each), each);
        return _mm256_blendv_ps(q, p, _mm256_castsi256_ps(set));
    }
    static Lanes where_set(uint32_t bits, Lanes p, Lanes q) { return {chosen(bits, p.a, q.a), chosen(bits >> 8, p.b, q.b)}; }
    static uint32_t less(Lanes x, Lanes y) {
        uint32_t low = static_cast<uint32_t>(_mm256_movemask_ps(_mm256_cmp_ps(x.a, y.a, _CMP_LT_OQ)));
        return low | static_cast<uint32_t>(_mm256_movemask_ps(_mm256_cmp_ps(x.b, y.b, _CMP_LT_OQ))) << 8;
    }
    static __m256 power(__m256 n) {
        __m256i bits = _mm256_slli_epi32(_mm256_add_epi32(_mm256_cvttps_epi32(n), _mm256_set1_epi32(127)), 23);
        return _mm256_castsi256_ps(bits);
    }
    static Lanes power_of_two(Lanes n) { return {power(n.a), power(n.b)}; }
    static __m256 wide(const uint16_t* p) {
        __m256i bits = _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
        return _mm256_castsi256_ps(_mm256_slli_epi32(bits, 16));
    }
    static Lanes from_bfloat16(const uint16_t* p) { return {wide(p), wide(p + 8)}; }
    static Lanes from_float16(const uint16_t* p) {
        return {_mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))),
                _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p + 8)))};
    }
    static __m128i eight(const uint8_t* p) { return _mm_loadl_epi64(reinterpret_cast<const __m128i*>(p)); }
    static Lanes from_bytes(const uint8_t* p) {
        return {_mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(eight(p))), _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(eight(p + 8)))};
    }
    static Lanes from_signed_bytes(const uint8_t* p) {
        return {_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(eight(p))), _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(eight(p + 8)))};
    }
    static __m256i rounded(__m256 x) {
        __m256i bits = _mm256_castps_si256(x);
        __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
        __m256i up = _mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff)));
        __m256i quiet = _mm256_or_si256(bits, _mm256_set1_epi32(0x400000));
        __m256i nan = _mm256_castps_si256(_mm256_cmp_ps(x, x, _CMP_UNORD_Q));
        return _mm256_srli_epi32(_mm256_blendv_epi8(up, quiet, nan), 16);
    }
    void to_bfloat16(uint16_t* p) const {
        __m256i mixed = _mm256_packus_epi32(rounded(a), rounded(b));
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm256_permute4x64_epi64(mixed, 0xd8));
    }
    static float to_bytes(Lanes x, Lanes y, int8_t* p, float* sums) {
        auto whole = [](__m256 v) { return _mm256_cvtps_epi32(_mm256_round_ps(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)); };
        __m256i words = _mm256_packs_epi32(whole(x.a), whole(x.b)), more = _mm256_packs_epi32(whole(y.a), whole(y.b));
        __m256i mixed = _mm256_packs_epi16(words, more);  // fours of x.a, x.b, y.a, y.b; then the others of each
        __m256i bytes = _mm256_permutevar8x32_epi32(mixed, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), bytes);
        return store_sums(bytes, sums);
    }
    float sum() const {
        __m256 c = _mm256_add_ps(a, b);
        __m128 d = _mm_add_ps(_mm256_castps256_ps128(c), _mm256_extractf128_ps(c, 1));
        __m128 e = _mm_add_ps(d, _mm_movehl_ps(d, d));
        return _mm_cvtss_f32(_mm_add_ss(e, _mm_movehdup_ps(e)));
    }
    float greatest() const {
        __m256 c = _mm256_max_ps(a, b);
        __m128 d = _mm_max_ps(_mm256_castps256_ps128(c), _mm256_extractf128_ps(c, 1));
        __m128 e = _mm_max_ps(d, _mm_movehl_ps(d, d));
        return _mm_cvtss_f32(_mm_max_ss(e, _mm_movehdup_ps(e)));
    }
};

// Sixteen whole numbers of 64 bits.
struct Wholes {
    __m256i v[4] = {_mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256()};

    Wholes() = default;
    Wholes(Lanes x, int64_t least) {
        const __m256i lowest = _mm256_set1_epi64x(least - 1);
        v[0] = whole(_mm256_castps256_ps128(x.a), lowest);
        v[1] = whole(_mm256_extractf128_ps(x.a, 1), lowest);
        v[2] = whole(_mm256_castps256_ps128(x.b), lowest);
        v[3] = whole(_mm256_extractf128_ps(x.b, 1), lowest);
    }
    static __m256i whole(__m128 x, __m256i lowest) {
        __m256d moved = _mm256_add_pd(_mm256_cvtps_pd(x), _mm256_set1_pd(4096.0));
        __m256i units = _mm256_sub_epi64(_mm256_castpd_si256(moved), _mm256_set1_epi64x(0x40B0000000000000));
        return _mm256_and_si256(units, _mm256_cmpgt_epi64(units, lowest));
    }
    void add(const Wholes& other) { for (int i = 0; i < 4; i++) v[i] = _mm256_add_epi64(v[i], other.v[i]); }
    void store(int64_t* p) const { for (int i = 0; i < 4; i++) _mm256_storeu_si256(reinterpret_cast<__m256i*>(p + 4 * i), v[i]); }
    int64_t sum() const {
        __m256i all = _mm256_add_epi64(_mm256_add_epi64(v[0], v[1]), _mm256_add_epi64(v[2], v[3]));
        __m128i half = _mm_add_epi64(_mm256_castsi256_si128(all), _mm256_extracti128_si256(all, 1));
        return _mm_extract_epi64(half, 0) + _mm_extract_epi64(half, 1);
    }
};

}  // namespace
