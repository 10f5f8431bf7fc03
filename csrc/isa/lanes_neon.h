// Sixteen floats in four registers. Each operation rounds as lanes_portable.h does.
#pragma once
#include <arm_neon.h>
#include <cstdint>

namespace {

struct Lanes {
    float32x4_t v[4];  // lanes 0 … 3, 4 … 7, 8 … 11, 12 … 15

    template <class F> static Lanes each(F f) { return {{f(0), f(1), f(2), f(3)}}; }

    static Lanes all(float x) { return each([&](int) { return vdupq_n_f32(x); }); }
    static Lanes load(const float* p) { return each([&](int i) { return vld1q_f32(p + 4 * i); }); }
    void store(float* p) const { for (int i = 0; i < 4; i++) vst1q_f32(p + 4 * i, v[i]); }

    static Lanes add(Lanes x, Lanes y) { return each([&](int i) { return vaddq_f32(x.v[i], y.v[i]); }); }
    static Lanes sub(Lanes x, Lanes y) { return each([&](int i) { return vsubq_f32(x.v[i], y.v[i]); }); }
    static Lanes mul(Lanes x, Lanes y) { return each([&](int i) { return vmulq_f32(x.v[i], y.v[i]); }); }
    static Lanes div(Lanes x, Lanes y) { return each([&](int i) { return vdivq_f32(x.v[i], y.v[i]); }); }
    static Lanes fma(Lanes x, Lanes y, Lanes z) { return each([&](int i) { return vfmaq_f32(z.v[i], x.v[i], y.v[i]); }); }
    // By a comparison: this processor's own maximum would be NaN where either is.
    static Lanes max(Lanes x, Lanes y) { return each([&](int i) { return vbslq_f32(vcgtq_f32(x.v[i], y.v[i]), x.v[i], y.v[i]); }); }
    static Lanes magnitude(Lanes x) { return each([&](int i) { return vabsq_f32(x.v[i]); }); }
    static Lanes nearest(Lanes x) { return each([&](int i) { return vrndnq_f32(x.v[i]); }); }
    static Lanes where_less(Lanes x, Lanes y, Lanes p, Lanes q) {
        return each([&](int i) { return vbslq_f32(vcltq_f32(x.v[i], y.v[i]), p.v[i], q.v[i]); });
    }
    // Of four lanes the bits that they have in a word of sixteen.
    static uint32x4_t bits_of(int i) {
        static const uint32_t first[4] = {1, 2, 4, 8};
        return vshlq_u32(vld1q_u32(first), vdupq_n_s32(4 * i));
    }
    static Lanes where_set(uint32_t bits, Lanes p, Lanes q) {
        return each([&](int i) { return vbslq_f32(vtstq_u32(vdupq_n_u32(bits), bits_of(i)), p.v[i], q.v[i]); });
    }
    static uint32_t less(Lanes x, Lanes y) {
        uint32x4_t bits = vdupq_n_u32(0);
        for (int i = 0; i < 4; i++) bits = vorrq_u32(bits, vandq_u32(vcltq_f32(x.v[i], y.v[i]), bits_of(i)));
        return vaddvq_u32(bits);
    }
    static Lanes power_of_two(Lanes n) {
        return each([&](int i) { return vreinterpretq_f32_s32(vshlq_n_s32(vaddq_s32(vcvtq_s32_f32(n.v[i]), vdupq_n_s32(127)), 23)); });
    }
    static Lanes from_bfloat16(const uint16_t* p) {
        return each([&](int i) { return vreinterpretq_f32_u32(vshll_n_u16(vld1_u16(p + 4 * i), 16)); });
    }
    static Lanes from_float16(const uint16_t* p) {
        return each([&](int i) { return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(p + 4 * i))); });
    }
    static Lanes from_bytes(const uint8_t* p) {
        const uint8x16_t bytes = vld1q_u8(p);
        const uint16x8_t half[2] = {vmovl_u8(vget_low_u8(bytes)), vmovl_u8(vget_high_u8(bytes))};
        return each([&](int i) {
            const uint16x8_t h = half[i / 2];
            return vcvtq_f32_u32(vmovl_u16(i % 2 == 0 ? vget_low_u16(h) : vget_high_u16(h)));
        });
    }
    static Lanes from_signed_bytes(const uint8_t* p) {
        const int8x16_t bytes = vreinterpretq_s8_u8(vld1q_u8(p));
        const int16x8_t half[2] = {vmovl_s8(vget_low_s8(bytes)), vmovl_s8(vget_high_s8(bytes))};
        return each([&](int i) {
            const int16x8_t h = half[i / 2];
            return vcvtq_f32_s32(vmovl_s16(i % 2 == 0 ? vget_low_s16(h) : vget_high_s16(h)));
        });
    }
    // To the nearest by whole numbers, as the others do: the processor's own conversion is in few of them, and would round alike.
    void to_bfloat16(uint16_t* p) const {
        for (int i = 0; i < 4; i++) {
            const uint32x4_t bits = vreinterpretq_u32_f32(v[i]);
            const uint32x4_t odd = vandq_u32(vshrq_n_u32(bits, 16), vdupq_n_u32(1));
            const uint32x4_t up = vaddq_u32(bits, vaddq_u32(odd, vdupq_n_u32(0x7fff)));
            const uint32x4_t quiet = vorrq_u32(bits, vdupq_n_u32(0x400000));
            vst1_u16(p + 4 * i, vshrn_n_u32(vbslq_u32(vceqq_f32(v[i], v[i]), up, quiet), 16));
        }
    }
    static float to_bytes(Lanes x, Lanes y, int8_t* p, float* sums) {
        auto sixteen = [](Lanes from) {
            int32x4_t whole[4];
            for (int i = 0; i < 4; i++) whole[i] = vcvtnq_s32_f32(from.v[i]);
            return vcombine_s8(vmovn_s16(vcombine_s16(vmovn_s32(whole[0]), vmovn_s32(whole[1]))),
                               vmovn_s16(vcombine_s16(vmovn_s32(whole[2]), vmovn_s32(whole[3]))));
        };
        const int8x16_t bytes[2] = {sixteen(x), sixteen(y)};
        for (int i = 0; i < 2; i++) {
            vst1q_s8(p + 16 * i, bytes[i]);
            sums[i] = static_cast<float>(vaddlvq_s8(bytes[i]));
        }
        return sums[0] + sums[1];
    }
    float sum() const {
        const float32x4_t fours = vaddq_f32(vaddq_f32(v[0], v[2]), vaddq_f32(v[1], v[3]));
        return vpadds_f32(vadd_f32(vget_low_f32(fours), vget_high_f32(fours)));
    }
    float greatest() const { return vmaxvq_f32(vmaxq_f32(vmaxq_f32(v[0], v[1]), vmaxq_f32(v[2], v[3]))); }
};

// Sixteen whole numbers of 64 bits.
struct Wholes {
    int64x2_t v[8];  // two each

    Wholes() { for (int64x2_t& two : v) two = vdupq_n_s64(0); }
    Wholes(Lanes x, int64_t least) {
        for (int i = 0; i < 4; i++) {
            v[2 * i] = whole(vcvt_f64_f32(vget_low_f32(x.v[i])), least);
            v[2 * i + 1] = whole(vcvt_high_f64_f32(x.v[i]), least);
        }
    }
    static int64x2_t whole(float64x2_t x, int64_t least) {
        const int64x2_t moved = vreinterpretq_s64_f64(vaddq_f64(x, vdupq_n_f64(4096.0)));
        const int64x2_t units = vsubq_s64(moved, vdupq_n_s64(0x40B0000000000000));
        return vandq_s64(units, vreinterpretq_s64_u64(vcgeq_s64(units, vdupq_n_s64(least))));
    }
    void add(const Wholes& other) { for (int i = 0; i < 8; i++) v[i] = vaddq_s64(v[i], other.v[i]); }
    void store(int64_t* p) const { for (int i = 0; i < 8; i++) vst1q_s64(p + 2 * i, v[i]); }
    int64_t sum() const {
        int64x2_t all = v[0];
        for (int i = 1; i < 8; i++) all = vaddq_s64(all, v[i]);
        return vaddvq_s64(all);
    }
};

}  // namespace
