// Sums of bytes, for lanes_avx2.h and lanes_avx512.h.
#pragma once
#include <immintrin.h>

namespace {

// Of the first 16 and of the others; returns that of all.
inline float store_sums(__m256i bytes, float* sums) {
    // Each made 128 larger has no sign, and is then summed by eights: 16 · 128 are taken back from two of these.
    __m256i eights = _mm256_sad_epu8(_mm256_xor_si256(bytes, _mm256_set1_epi8(-128)), _mm256_setzero_si256());
    __m256i sixteens = _mm256_add_epi32(eights, _mm256_unpackhi_epi64(eights, eights));
    __m256 whole = _mm256_cvtepi32_ps(_mm256_sub_epi32(sixteens, _mm256_set1_epi32(2048)));
    __m128 first = _mm256_castps256_ps128(whole), second = _mm256_extractf128_ps(whole, 1);
    _mm_storel_pi(reinterpret_cast<__m64*>(sums), _mm_unpacklo_ps(first, second));
    return _mm_cvtss_f32(_mm_add_ss(first, second));
}

}  // namespace
