// Sixteen floats, one at a time: what every other lanes_*.h must agree with to the bit.
#pragma once
#include <cstdint>

namespace {

struct Lanes {
    float v[16];

    static Lanes all(float x) { Lanes r; for (float& e : r.v) e = x; return r; }
    static Lanes load(const float* p) { Lanes r; __builtin_memcpy(r.v, p, 64); return r; }
    void store(float* p) const { __builtin_memcpy(p, v, 64); }

    template <class F> static Lanes each(F f) { Lanes r; for (int i = 0; i < 16; i++) r.v[i] = f(i); return r; }

    static Lanes add(Lanes a, Lanes b) { return each([&](int i) { return a.v[i] + b.v[i]; }); }
    static Lanes sub(Lanes a, Lanes b) { return each([&](int i) { return a.v[i] - b.v[i]; }); }
    static Lanes mul(Lanes a, Lanes b) { return each([&](int i) { return a.v[i] * b.v[i]; }); }
    static Lanes div(Lanes a, Lanes b) { return each([&](int i) { return a.v[i] / b.v[i]; }); }
    static Lanes fma(Lanes a, Lanes b, Lanes c) { return each([&](int i) { return __builtin_fmaf(a.v[i], b.v[i], c.v[i]); }); }
    // As the vector instructions have it: b where either is NaN.
    static Lanes max(Lanes a, Lanes b) { return each([&](int i) { return a.v[i] > b.v[i] ? a.v[i] : b.v[i]; }); }
    static Lanes magnitude(Lanes a) { return each([&](int i) { return __builtin_fabsf(a.v[i]); }); }
    static Lanes nearest(Lanes a) { return each([&](int i) { return __builtin_nearbyintf(a.v[i]); }); }  // ties to even
    // a where x < y, else b
    static Lanes where_less(Lanes x, Lanes y, Lanes a, Lanes b) { return each([&](int i) { return x.v[i] < y.v[i] ? a.v[i] : b.v[i]; }); }
    // a where the lane's bit is set, else b
    static Lanes where_set(uint32_t bits, Lanes a, Lanes b) { return each([&](int i) { return bits >> i & 1 ? a.v[i] : b.v[i]; }); }
    // A bit for each lane where x < y.
    static uint32_t less(Lanes x, Lanes y) {
        uint32_t bits = 0;
        for (int i = 0; i < 16; i++) bits |= static_cast<uint32_t>(x.v[i] < y.v[i]) << i;
        return bits;
    }
    // 2^n for whole n in -126 … 127
    static Lanes power_of_two(Lanes n) {
        return each([&](int i) {
            int32_t bits = (static_cast<int32_t>(n.v[i]) + 127) << 23;
            float x;
            __builtin_memcpy(&x, &bits, 4);
            return x;
        });
    }
    static Lanes from_bfloat16(const uint16_t* p) {
        return each([&](int i) {
            uint32_t bits = static_cast<uint32_t>(p[i]) << 16;
            float x;
            __builtin_memcpy(&x, &bits, 4);
            return x;
        });
    }
    static Lanes from_float16(const uint16_t* p) {
        return each([&](int i) {
            uint32_t sign = static_cast<uint32_t>(p[i] & 0x8000) << 16, exponent = p[i] >> 10 & 31, fraction = p[i] & 1023;
            float x;
            if (exponent == 0) {
                x = static_cast<float>(fraction) * 0x1p-24f;  // exact, also of what is below the normal numbers
            } else {
                uint32_t bits = (exponent == 31 ? 255u : exponent + 112) << 23 | fraction << 13;
                __builtin_memcpy(&x, &bits, 4);
            }
            uint32_t bits;
            __builtin_memcpy(&bits, &x, 4);
            bits |= sign;
            __builtin_memcpy(&x, &bits, 4);
            return x;
        });
    }
    static Lanes from_bytes(const uint8_t* p) { return each([&](int i) { return static_cast<float>(p[i]); }); }
    static Lanes from_signed_bytes(const uint8_t* p) { return each([&](int i) { return static_cast<float>(static_cast<int8_t>(p[i])); }); }
    // To the nearest, ties to even; a NaN stays one.
    void to_bfloat16(uint16_t* p) const {
        for (int i = 0; i < 16; i++) {
            uint32_t bits;
            __builtin_memcpy(&bits, &v[i], 4);
            bool nan = (bits & 0x7fffffff) > 0x7f800000;
            p[i] = static_cast<uint16_t>((nan ? bits | 0x400000 : bits + 0x7fff + (bits >> 16 & 1)) >> 16);
        }
    }
    // Two of them to the nearest whole numbers, ties to even, which are in -128 … 127; the sum of each, and of all.
    static float to_bytes(Lanes x, Lanes y, int8_t* p, float* sums) {
        int32_t sum[2] = {0, 0};
        for (int i = 0; i < 32; i++) {
            p[i] = static_cast<int8_t>(__builtin_nearbyintf(i < 16 ? x.v[i] : y.v[i - 16]));
            sum[i / 16] += p[i];
        }
        for (int i = 0; i < 2; i++) sums[i] = static_cast<float>(sum[i]);
        return sums[0] + sums[1];
    }

    float sum() const {
        float a[8], b[4];
        for (int i = 0; i < 8; i++) a[i] = v[i] + v[i + 8];
        for (int i = 0; i < 4; i++) b[i] = a[i] + a[i + 4];
        return (b[0] + b[2]) + (b[1] + b[3]);
    }
    float greatest() const { float m = v[0]; for (float e : v) m = e > m ? e : m; return m; }
};

// Sixteen whole numbers of 64 bits.
struct Wholes {
    int64_t v[16] = {};

    Wholes() = default;
    // Numbers in 0 … 1 in units of 2^-40, to the nearest, ties to even: so much of them has room behind 4096. 0 below `least`.
    Wholes(Lanes x, int64_t least) {
        for (int i = 0; i < 16; i++) {
            double moved = static_cast<double>(x.v[i]) + 4096.0;
            int64_t whole;
            __builtin_memcpy(&whole, &moved, 8);
            whole -= 0x40B0000000000000;
            v[i] = whole < least ? 0 : whole;
        }
    }
    void add(const Wholes& other) { for (int i = 0; i < 16; i++) v[i] += other.v[i]; }
    void store(int64_t* p) const { __builtin_memcpy(p, v, sizeof v); }
    int64_t sum() const { int64_t all = 0; for (int64_t each : v) all += each; return all; }
};

}  // namespace
