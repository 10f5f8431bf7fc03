// What is computed in floats, attention apart, written once over Lanes. An isa/ file includes its lanes_*.h first, then this.
#pragma once
#include "../kernels.h"
#include "../contract.h"

namespace {

using namespace alize;

// e^x to 2 ulp for x <= 0: exactly 1 at 0, exactly +0 below -87, where single precision would end in subnormal numbers.
// x = n·ln 2 + r with n whole, and e^r by a polynomial of the sixth degree (minimax, as in Cephes' expf).
inline Lanes exponential(Lanes x) {
    Lanes floor = Lanes::all(-87.0f);
    Lanes n = Lanes::nearest(Lanes::mul(Lanes::max(x, floor), Lanes::all(1.44269504f)));
    Lanes r = Lanes::fma(n, Lanes::all(-0.693359375f), Lanes::max(x, floor));
    r = Lanes::fma(n, Lanes::all(2.12194440e-4f), r);
    Lanes p = Lanes::all(1.9875691500e-4f);
    p = Lanes::fma(p, r, Lanes::all(1.3981999507e-3f));
    p = Lanes::fma(p, r, Lanes::all(8.3334519073e-3f));
    p = Lanes::fma(p, r, Lanes::all(4.1665795894e-2f));
    p = Lanes::fma(p, r, Lanes::all(1.6666665459e-1f));
    p = Lanes::fma(p, r, Lanes::all(5.0000001201e-1f));
    Lanes e = Lanes::add(Lanes::fma(p, Lanes::mul(r, r), r), Lanes::all(1.0f));
    return Lanes::where_less(x, floor, Lanes::all(0.0f), Lanes::mul(e, Lanes::power_of_two(n)));
}

void quantise(const float* x, int32_t columns, int8_t* integers, float* scales, float* sums, float* halves, uint8_t* marks, float* apart) {
    const Lanes zero = Lanes::all(0.0f), infinity = Lanes::all(__builtin_inff());
    for (int32_t block = 0; block < columns / BLOCK; block++, x += BLOCK, integers += BLOCK) {
        Lanes low = Lanes::load(x), high = Lanes::load(x + 16);
        const Lanes large = Lanes::magnitude(low), larger = Lanes::magnitude(high);
        const bool finite = (Lanes::less(large, infinity) & Lanes::less(larger, infinity)) == 0xffff;
        float amax = Lanes::max(large, larger).greatest();
        marks[block] = 0;
        apart[block] = 0.0f;
        // What is more than half of the largest: the largest itself, and nothing else where it stands apart.
        const Lanes half = Lanes::all(amax * 0.5f);
        const uint32_t above = Lanes::less(half, large) | Lanes::less(half, larger) << 16;
        if ((above & (above - 1)) == 0 && finite && amax >= SMALLEST) {
            const int place = __builtin_ctz(above);
            marks[block] = static_cast<uint8_t>(place + 1);
            apart[block] = x[place];
            low = Lanes::where_set(above & 0xffff, zero, low);
            high = Lanes::where_set(above >> 16, zero, high);
            amax = Lanes::max(Lanes::magnitude(low), Lanes::magnitude(high)).greatest();
        }
        if (!finite || amax < SMALLEST) {
            for (int32_t k = 0; k < BLOCK; k++) integers[k] = 0;
            sums[block] = halves[2 * block] = halves[2 * block + 1] = 0.0f;
            scales[block] = finite ? 0.0f : __builtin_nanf("");
            continue;
        }
        const Lanes inverse = Lanes::all(127.0f / amax);
        sums[block] = Lanes::to_bytes(Lanes::mul(low, inverse), Lanes::mul(high, inverse), integers, halves + 2 * block);
        scales[block] = amax / 127.0f;
    }
}

void narrow(const Rows& rows, int32_t row, const float* a, int32_t rank, int32_t columns, float* x, float* t) {
    const int8_t* integers = rows.integers + static_cast<size_t>(row) * rows.stride;
    for (int32_t k = 0; rows.numbers != nullptr && k < columns; k++) x[k] = rows.numbers[static_cast<size_t>(row) * rows.numbers_stride + k];
    for (int32_t block = 0; rows.numbers == nullptr && block < columns / BLOCK; block++) {
        const float scale = rows.scales[static_cast<size_t>(row) * rows.blocks + block];
        for (int32_t k = block * BLOCK; k < (block + 1) * BLOCK; k++) x[k] = static_cast<float>(integers[k]) * scale;
        const uint8_t mark = rows.marks[static_cast<size_t>(row) * rows.marks_stride + block];
        if (mark != 0) x[block * BLOCK + mark - 1] = rows.apart[static_cast<size_t>(row) * rows.blocks + block];
    }
    for (int32_t j = 0; j < rank; j++) {
        Lanes sum = Lanes::all(0.0f);
        for (int32_t k = 0; k < columns; k += 16)
            sum = Lanes::fma(Lanes::load(a + static_cast<size_t>(j) * columns + k), Lanes::load(x + k), sum);
        t[j] = sum.sum();
    }
}

void widen(const float* t, const float* b, int32_t width, float* y) {
    Lanes sum = Lanes::load(y);
    for (int32_t j = 0; j < width; j++) sum = Lanes::fma(Lanes::all(t[j]), Lanes::load(b + j * 16), sum);
    sum.store(y);
}

void normalise(const float* x, const float* weight, int32_t columns, float epsilon, float* out) {
    Lanes squares = Lanes::all(0.0f);
    for (int32_t k = 0; k < columns; k += 16) squares = Lanes::fma(Lanes::load(x + k), Lanes::load(x + k), squares);
    Lanes factor = Lanes::all(1.0f / __builtin_sqrtf(squares.sum() / static_cast<float>(columns) + epsilon));
    for (int32_t k = 0; k < columns; k += 16)
        Lanes::mul(Lanes::mul(Lanes::load(x + k), factor), Lanes::load(weight + k)).store(out + k);
}

void gate(const float* interleaved, int32_t columns, float* out) {
    Lanes one = Lanes::all(1.0f);
    for (int32_t k = 0; k < columns; k += 16) {
        Lanes g = Lanes::load(interleaved + 2 * k), up = Lanes::load(interleaved + 2 * k + 16);
        // g / (1 + e^-g), with the exponential of a number that is never above 0 so that nothing overflows
        Lanes zero = Lanes::all(0.0f);
        Lanes small = exponential(Lanes::sub(zero, Lanes::magnitude(g)));
        Lanes sigmoid = Lanes::div(Lanes::where_less(g, zero, small, one), Lanes::add(one, small));
        Lanes::mul(Lanes::mul(g, sigmoid), up).store(out + k);
    }
}

void rotate(float* head, const float* cosines, const float* sines, int32_t width) {
    int32_t half = width / 2;
    for (int32_t k = 0; k < half; k += 16) {
        Lanes a = Lanes::load(head + k), b = Lanes::load(head + half + k);
        Lanes c = Lanes::load(cosines + k), s = Lanes::load(sines + k);
        Lanes::fma(a, c, Lanes::sub(Lanes::all(0.0f), Lanes::mul(b, s))).store(head + k);
        Lanes::fma(b, c, Lanes::mul(a, s)).store(head + half + k);
    }
}

void add(float* x, const float* y, int32_t columns) {
    for (int32_t k = 0; k < columns; k += 16) Lanes::add(Lanes::load(x + k), Lanes::load(y + k)).store(x + k);
}

}  // namespace
