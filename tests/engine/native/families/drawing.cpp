// What chooses: a row's experts, and its token.
#include <cmath>

#include "core.h"
#include "packed.h"
#include "parts.h"

using namespace alize;

namespace {

void experts(const Kernels& kernels, Outputs& out, Numbers& numbers, int kind, int32_t count, int32_t active) {
    constexpr int32_t COLUMNS = 96;
    const int32_t padded = (count + OUTPUTS - 1) / OUTPUTS * OUTPUTS;
    std::vector<float> x(COLUMNS), logits(static_cast<size_t>(padded)), shares(static_cast<size_t>(active));
    std::vector<int32_t> chosen(static_cast<size_t>(active));
    fill(numbers, kind, x.data(), COLUMNS);
    const std::vector<float> weights = numbers.some(static_cast<size_t>(padded * COLUMNS));
    kernels.route({weights.data(), count, active, COLUMNS, 1.5f}, x.data(), logits.data(), chosen.data(), shares.data());
    out.add("logits of experts", logits);
    out.add("chosen experts", chosen);
    out.add("shares of experts", shares);
}

// The kernels that drawing is made of.
void pieces(const Kernels& kernels, Outputs& out, Numbers& numbers, int kind, int32_t count) {
    std::vector<float> x(static_cast<size_t>(count)), most(static_cast<size_t>((count + WEIGHED - 1) / WEIGHED));
    fill(numbers, kind, x.data(), count);
    const bool finite = kernels.survey(x.data(), count, most.data());
    for (float& each : most) each += 0.0f;  // of two equal zeros either may be the largest
    const auto answer = static_cast<uint8_t>(finite);
    out.add("whether logits are finite", &answer, 1);
    out.add("the largest logits", most);
    std::vector<uint32_t> mask(static_cast<size_t>((count + 31) / 32));
    for (uint32_t& word : mask) word = static_cast<uint32_t>(numbers.next() | numbers.next());
    kernels.allow(x.data(), count, mask.data());
    out.add("allowed logits", x);
    if (!finite || most[0] == -INFINITY) return;
    for (int64_t least : {int64_t{0}, int64_t{1} << 30}) {
        std::vector<int64_t> weights(WEIGHED, 7);
        const int32_t some = count < WEIGHED ? count : WEIGHED;
        const int64_t sum = kernels.weigh(x.data(), some, most[0], 1.0f / 0.7f, least, weights.data());
        out.add("the sum of weights", &sum, 1);
        out.add("weights", weights);
    }
}

void tokens(const Kernels& kernels, Outputs& out, Numbers& numbers, int32_t vocab) {
    constexpr int32_t ROWS = 2 * EVERY, MOST = 4;
    std::vector<float> logits(static_cast<size_t>(ROWS * vocab));
    std::vector<Draw> draws;
    for (int32_t r = 0; r < ROWS; r++) {
        fill(numbers, r % EVERY, logits.data() + r * vocab, vocab);
        Draw draw{};
        draw.seed = numbers.next();
        draw.position = r;
        draw.temperature = r % 4 == 0 ? 0.0 : 0.3 * r;
        draw.top_p = r % 3 == 0 ? 0.0 : 0.9;
        draw.min_p = r % 5 == 0 ? 0.02 : 0.0;
        draw.top_k = r % 2 == 0 ? 0 : 20;
        draw.logprobs = 1 + MOST;
        draws.push_back(draw);
    }
    std::vector<int32_t> token(ROWS), top(ROWS * MOST);
    std::vector<double> logprob(ROWS), top_logprob(ROWS * MOST);
    const Drawn drawn{token.data(), logprob.data(), top.data(), top_logprob.data(), MOST};
    alize_draw(&kernels, logits.data(), vocab, ROWS, draws.data(), &drawn);
    out.add("drawn tokens", token);
    out.add("the likeliest tokens", top);
    out.add("log-probabilities", logprob);
    out.add("log-probabilities of the likeliest", top_logprob);
}

}  // namespace

void drawing(const Kernels& kernels, Outputs& out) {
    Numbers numbers(4);
    for (int kind = 0; kind < EVERY; kind++) {
        for (int32_t count : {6, 16, 40, 80}) experts(kernels, out, numbers, kind, count, count < 40 ? 2 : 8);
        for (int32_t count : {1, 16, 63, 64, 65, 203}) pieces(kernels, out, numbers, kind, count);
    }
    for (int32_t vocab : {5, 203, 3000}) tokens(kernels, out, numbers, vocab);
}
