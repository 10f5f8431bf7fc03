// Which experts a row goes to, and how much of each: csrc/contract.h says it. Included after floats.h.
#pragma once
#include "../contract.h"
#include "../kernels.h"

namespace {

using namespace alize;

// Logits of BLOCKS times 16 experts: each lane is a chain over the columns.
template <int BLOCKS>
inline void score(const Router& router, int32_t block, const float* x, float* logits) {
    const size_t columns = static_cast<size_t>(router.columns);
    const float* weights = router.weights + static_cast<size_t>(block) * columns * OUTPUTS;
    Lanes acc[BLOCKS];
    for (int b = 0; b < BLOCKS; b++) acc[b] = Lanes::all(0.0f);
    for (size_t k = 0; k < columns; k++) {
        const Lanes value = Lanes::all(x[k]);
        for (int b = 0; b < BLOCKS; b++) acc[b] = Lanes::fma(value, Lanes::load(weights + (b * columns + k) * OUTPUTS), acc[b]);
    }
    for (int b = 0; b < BLOCKS; b++) acc[b].store(logits + (block + b) * OUTPUTS);
}

// Whether expert a, of that logit, is taken before expert b.
inline bool before(float of_a, int32_t a, float of_b, int32_t b) {
    const bool none_a = of_a != of_a, none_b = of_b != of_b;
    if (none_a || none_b) return none_a && none_b ? a < b : none_a;
    return of_a > of_b || (of_a == of_b && a < b);
}

void route(const Router& router, const float* x, float* logits, int32_t* chosen, float* shares) {
    const int32_t blocks = (router.experts + OUTPUTS - 1) / OUTPUTS, active = router.active;
    int32_t block = 0;
    for (; block + 4 <= blocks; block += 4) score<4>(router, block, x, logits);
    for (; block < blocks; block++) score<1>(router, block, x, logits);
    for (int32_t j = 0; j < active; j++) {
        int32_t best = -1;
        for (int32_t e = 0; e < router.experts; e++) {
            if (j > 0 && !before(logits[chosen[j - 1]], chosen[j - 1], logits[e], e)) continue;
            if (best < 0 || before(logits[e], e, logits[best], best)) best = e;
        }
        chosen[j] = best;
    }
    const float most = logits[chosen[0]], nothing = most - most;
    float total = 0.0f;
    for (int32_t first = 0; first < active; first += 16) {
        const int32_t some = active - first < 16 ? active - first : 16;
        float distance[16] = {};
        for (int32_t j = 0; j < some; j++) distance[j] = logits[chosen[first + j]] - most;
        exponential(Lanes::load(distance)).store(distance);
        for (int32_t j = 0; j < some; j++) {
            shares[first + j] = distance[j];
            total += distance[j];
        }
    }
    for (int32_t j = 0; j < active; j++) shares[j] = nothing != 0.0f ? __builtin_nanf("") : shares[j] / total * router.scale;
}

}  // namespace
