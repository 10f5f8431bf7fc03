#include "turns.h"

#include <cmath>

namespace alize {

namespace {

// Taylor's series, for |x| <= π/4: the term left out is below 1e-17.
double sine(double x) {
    double x2 = x * x, term = x, sum = x;
    for (int n = 1; n < 10; n++) sum += term *= -x2 / ((2 * n) * (2 * n + 1));
    return sum;
}

double cosine(double x) {
    double x2 = x * x, term = 1, sum = 1;
    for (int n = 1; n < 10; n++) sum += term *= -x2 / ((2 * n - 1) * (2 * n));
    return sum;
}

}  // namespace

void turns(const float* speed, int32_t pairs, int32_t positions, float scale, float* cosines, float* sines) {
    // π/2 in three parts, the first two of so few bits that their product with a number of quarters is exact.
    constexpr double high = 0x1.921fb544p0, middle = 0x1.0b4611a6p-34, low = 0x1.3198a2e037073p-69;
    for (int32_t p = 0; p < positions; p++)
        for (int32_t i = 0; i < pairs; i++) {
            float angle = static_cast<float>(p) * speed[i];
            double quarters = std::nearbyint(static_cast<double>(angle) / (high + middle));
            double rest = ((static_cast<double>(angle) - quarters * high) - quarters * middle) - quarters * low;
            double s = sine(rest), c = cosine(rest);
            switch (static_cast<int64_t>(quarters) & 3) {
                case 0: break;
                case 1: { double t = c; c = -s; s = t; break; }
                case 2: c = -c; s = -s; break;
                default: { double t = c; c = s; s = -t; break; }
            }
            cosines[static_cast<int64_t>(p) * pairs + i] = static_cast<float>(c) * scale;
            sines[static_cast<int64_t>(p) * pairs + i] = static_cast<float>(s) * scale;
        }
}

}  // namespace alize
