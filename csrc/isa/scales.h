// Scales and minimums as floats, whatever the format keeps of them: of 16 outputs, or from `lane` on of as many as SOME has lanes. An isa/ file
// includes its lanes_*.h first.
#pragma once
#include "../contract.h"
#include "../kernels.h"

namespace {

using namespace alize;

inline size_t place_of(const Matrix& w, int32_t block, int32_t group) {
    return static_cast<size_t>(block) * (w.columns / GROUP) + static_cast<size_t>(group);
}

// Of the float16 that a group shares with others, or has for itself.
template <Format FORMAT>
inline size_t place_of_scale(const Matrix& w, int32_t block, int32_t group) {
    constexpr int SHARE = groups_of_scale(FORMAT);
    return (static_cast<size_t>(block) * (w.columns / GROUP / SHARE) + static_cast<size_t>(group / SHARE)) * OUTPUTS;
}

template <Format FORMAT, class SOME = Lanes>
inline SOME scale_of(const Matrix& w, int32_t block, int32_t group, int part = 0, int lane = 0) {
    SOME d = SOME::from_float16(w.scales + place_of_scale<FORMAT>(w, block, group) + lane);
    if constexpr (!has_factors(FORMAT)) return d;
    const uint8_t* factors = w.factors + place_of(w, block, group) * 2 * OUTPUTS + lane;
    if constexpr (parts_of_group(FORMAT) == 2) return SOME::mul(d, SOME::from_signed_bytes(factors + part * OUTPUTS));
    return SOME::mul(d, SOME::from_bytes(factors));
}

// +0 in formats that have none.
template <Format FORMAT, class SOME = Lanes>
inline SOME minimum_of(const Matrix& w, int32_t block, int32_t group, int lane = 0) {
    if constexpr (!has_minimum(FORMAT)) return SOME::all(0.0f);
    SOME m = SOME::from_float16(w.minimums + place_of_scale<FORMAT>(w, block, group) + lane);
    if constexpr (!has_factors(FORMAT)) return m;
    return SOME::mul(m, SOME::from_bytes(w.factors + (place_of(w, block, group) * 2 + 1) * OUTPUTS + lane));
}

// The sum of a row's integers over a group, or over one half of it where halves have scales of their own.
template <Format FORMAT>
inline float sum_of(const Rows& x, int32_t row, int32_t group, int part = 0) {
    const size_t place = static_cast<size_t>(row) * x.groups + static_cast<size_t>(group);
    return parts_of_group(FORMAT) == 1 ? x.sums[place] : x.halves[place * 2 + part];
}

// What a sum of products of unsigned weights is of signed ones: still a whole number, and small enough to be exact.
template <Format FORMAT, class SOME>
inline SOME without_offset(SOME whole, SOME sum) {
    if constexpr (offset_of(FORMAT) == 0) return whole;
    return SOME::fma(sum, SOME::all(-static_cast<float>(offset_of(FORMAT))), whole);
}

}  // namespace
