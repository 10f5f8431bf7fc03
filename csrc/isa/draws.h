// What drawing a token asks of every logit, written once over Lanes; see ../sample.h. An isa/ file includes floats.h first.
#pragma once
#include "../kernels.h"

namespace {

// e^x to 1 ulp for -28 <= x <= 0, each operation rounded by itself; 0 below. src/alize/engine/exact.py has the same operations.
inline Lanes power(Lanes x) {
    const Lanes lowest = Lanes::all(-28.0f), y = Lanes::max(x, lowest);
    const Lanes n = Lanes::nearest(Lanes::mul(y, Lanes::all(1.44269504f)));
    const Lanes high = Lanes::sub(y, Lanes::mul(n, Lanes::all(0.693359375f)));
    const Lanes r = Lanes::sub(high, Lanes::mul(n, Lanes::all(-2.12194440e-4f)));
    Lanes p = Lanes::all(1.9875691500e-4f);
    constexpr float lower[] = {1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f};
    for (float c : lower) p = Lanes::add(Lanes::mul(p, r), Lanes::all(c));
    const Lanes e = Lanes::add(Lanes::add(Lanes::mul(p, Lanes::mul(r, r)), r), Lanes::all(1.0f));
    return Lanes::where_less(x, lowest, Lanes::all(0.0f), Lanes::mul(e, Lanes::power_of_two(n)));
}

bool survey(const float* x, int32_t columns, float* most) {
    const Lanes infinite = Lanes::all(__builtin_inff()), lowest = Lanes::all(-__builtin_inff()), one = Lanes::all(1.0f);
    Lanes wrong = Lanes::all(0.0f);
    for (; columns > 0; columns -= WEIGHED, x += WEIGHED, most++) {
        float rest[WEIGHED];
        const float* from = x;
        if (columns < WEIGHED) {  // the last
            for (int32_t k = 0; k < WEIGHED; k++) rest[k] = k < columns ? x[k] : -__builtin_inff();
            from = rest;
        }
        Lanes top = lowest;
        for (int32_t k = 0; k < WEIGHED; k += 16) {
            const Lanes part = Lanes::load(from + k);
            top = Lanes::max(part, top);
            wrong = Lanes::where_less(part, infinite, wrong, one);  // neither NaN nor +inf is less
        }
        *most = top.greatest();
    }
    return wrong.sum() == 0.0f;
}

void allow(float* x, int32_t columns, const uint32_t* mask) {
    const Lanes lowest = Lanes::all(-__builtin_inff());
    int32_t k = 0;
    for (; k + 16 <= columns; k += 16) Lanes::where_set(mask[k / 32] >> k % 32, Lanes::load(x + k), lowest).store(x + k);
    for (; k < columns; k++)
        if ((mask[k / 32] >> k % 32 & 1) == 0) x[k] = -__builtin_inff();
}

int64_t weigh(const float* x, int32_t count, float most, float inverse, int64_t least, int64_t* weights) {
    const Lanes highest = Lanes::all(most), factor = Lanes::all(inverse);
    float rest[WEIGHED];
    if (count < WEIGHED) {
        for (int32_t k = 0; k < WEIGHED; k++) rest[k] = k < count ? x[k] : -__builtin_inff();
        x = rest;
    }
    Wholes sum;
    for (int32_t k = 0; k < count; k += 16) {
        const Wholes part(power(Lanes::mul(Lanes::sub(Lanes::load(x + k), highest), factor)), least);
        sum.add(part);
        if (weights != nullptr) part.store(weights + k);
    }
    return sum.sum();
}

}  // namespace
