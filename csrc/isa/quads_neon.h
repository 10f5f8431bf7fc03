// What a quarter of a line holds, 4 outputs × 4 columns, as whole numbers; and what becomes of their sums. For product_neon.h, sums_dotprod.h
// and sums_i8mm.h.
#pragma once
#include "../contract.h"
#include "../kernels.h"
#include "scales.h"

namespace {

using namespace alize;

struct Pair {
    int8x16_t first, second;  // columns 8j … 8j + 3 and 8j + 4 … 8j + 7 of a group
};

// `numbers` with those bits of `upper` that begin at bit FROM as their bits 4 and, if there are two, 5.
template <int BITS, int FROM>
inline uint8x16_t with_upper(uint8x16_t numbers, uint8x16_t upper) {
    uint8x16_t there;
    if constexpr (FROM <= 4)
        there = vshlq_n_u8(upper, 4 - FROM);
    else
        there = vshrq_n_u8(upper, FROM - 4);
    return vorrq_u8(numbers, vandq_u8(there, vdupq_n_u8(BITS == 1 ? 16 : 48)));
}

// Pair J of a group, of four outputs whose bytes of its first line are at `lines`. Bytes with their sign, others as they are stored.
template <Format FORMAT, int J>
inline Pair two_quads(const uint8_t* lines) {
    constexpr int UPPER = upper_bits(FORMAT), FROM = 2 * J * UPPER % 8;
    if constexpr (FORMAT == Format::Q8_0) {
        const uint8x16_t offset = vdupq_n_u8(128);  // which, where it was added, turned the first bit over
        return {vreinterpretq_s8_u8(veorq_u8(vld1q_u8(lines + J * 128), offset)),
                vreinterpretq_s8_u8(veorq_u8(vld1q_u8(lines + J * 128 + 64), offset))};
    }
    const uint8x16_t both = vld1q_u8(lines + J * 64);
    uint8x16_t first = vandq_u8(both, vdupq_n_u8(15)), second = vshrq_n_u8(both, 4);
    if constexpr (UPPER > 0) {
        const uint8x16_t upper = vld1q_u8(lines + (4 + J * UPPER / 4) * 64);
        first = with_upper<UPPER, FROM>(first, upper);
        second = with_upper<UPPER, FROM + UPPER>(second, upper);
    }
    return {vreinterpretq_s8_u8(first), vreinterpretq_s8_u8(second)};
}

// Of 16 rows of weights the whole numbers in column k of a group.
template <Format FORMAT>
inline Lanes numbers_of_column(const uint8_t* lines, int32_t k) {
    constexpr int UPPER = upper_bits(FORMAT);
    const int32_t four = k / 4;
    auto bits = [&](int i, int line, int from, uint32_t mask) {  // of the byte of column k in each of 4 rows
        const uint32x4_t rows = vreinterpretq_u32_u8(vld1q_u8(lines + line * 64 + i * 16));
        return vandq_u32(vshlq_u32(rows, vdupq_n_s32(-(k % 4 * 8 + from))), vdupq_n_u32(mask));
    };
    return Lanes::each([&](int i) {
        uint32x4_t number = FORMAT == Format::Q8_0 ? bits(i, four, 0, 255) : bits(i, four / 2, four % 2 * 4, 15);
        if (UPPER > 0)
            number = vorrq_u32(number, vshlq_n_u32(bits(i, 4 + four * UPPER / 8, four * UPPER % 8, (1 << UPPER) - 1), 4));
        return vcvtq_f32_s32(vsubq_s32(vreinterpretq_s32_u32(number), vdupq_n_s32(offset_of(FORMAT))));
    });
}

// Four outputs' floats: a quarter of Lanes.
struct Four {
    float32x4_t a;
    static Four all(float x) { return {vdupq_n_f32(x)}; }
    static Four mul(Four x, Four y) { return {vmulq_f32(x.a, y.a)}; }
    static Four fma(Four x, Four y, Four z) { return {vfmaq_f32(z.a, x.a, y.a)}; }
    static Four from_float16(const uint16_t* p) { return {vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(p)))}; }
    static uint8x8_t four(const uint8_t* p) {
        uint32_t bytes;
        __builtin_memcpy(&bytes, p, 4);
        return vreinterpret_u8_u32(vdup_n_u32(bytes));
    }
    static Four from_bytes(const uint8_t* p) { return {vcvtq_f32_u32(vmovl_u16(vget_low_u16(vmovl_u8(four(p)))))}; }
    static Four from_signed_bytes(const uint8_t* p) {
        return {vcvtq_f32_s32(vmovl_s16(vget_low_s16(vmovl_s8(vreinterpret_s8_u8(four(p))))))};
    }
};

// The scale of four outputs, and their minimum.
struct Scales {
    Four d, m;
};

template <Format FORMAT>
inline Scales scales_of(const Matrix& w, int32_t block, int32_t g, int part, int quarter) {
    return {scale_of<FORMAT, Four>(w, block, g, part, quarter * 4), minimum_of<FORMAT, Four>(w, block, g, quarter * 4)};
}

// f of contract.h after one part of a group, of which `exact` are the sums of two_quads' numbers and `sum` that of a row's integers.
template <Format FORMAT>
inline Four scaled(int32x4_t exact, float sum, Scales of, Four f) {
    Four whole{vcvtq_f32_s32(exact)};
    if constexpr (FORMAT != Format::Q8_0) whole = without_offset<FORMAT>(whole, Four::all(sum));
    f = Four::fma(whole, of.d, f);
    if constexpr (has_minimum(FORMAT)) f = Four::fma(Four::all(sum), of.m, f);
    return f;
}

}  // namespace
