#include "sample.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>

namespace alize {

namespace {

constexpr double COLDEST = 1e-30;
constexpr double ONE = 0x1p40;      // the weight of the likeliest
constexpr float LOWEST = -28.0f;    // what is scaled to less weighs nothing
constexpr double SLACK = 0.01;      // by how much more than e^x and a logarithm can be wrong a bound is lower than it need be
constexpr float INFINITE = std::numeric_limits<float>::infinity();
constexpr int32_t FEW = 24;         // that are rather sorted than divided
constexpr int32_t SAMPLE = 256;     // of many candidates
constexpr int32_t AROUND = 20;      // places of a sample: how far it is trusted to say where a border lies

uint64_t mix(uint64_t value) {
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9u;
    value = (value ^ (value >> 27)) * 0x94D049BB133111EBu;
    return value ^ (value >> 31);
}

// floor(u · total / 2^53), u the bits of (seed, position).
int64_t target_of(const Draw& draw, int64_t total) {
    const uint64_t bits = mix(mix(draw.seed) + (static_cast<uint64_t>(draw.position) + 1) * 0x9E3779B97F4A7C15u) >> 11;
    return static_cast<int64_t>(static_cast<unsigned __int128>(bits) * static_cast<uint64_t>(total) >> 53);
}

double natural_log(int64_t total) {
    int exponent;
    double mantissa = std::frexp(static_cast<double>(total), &exponent);
    if (mantissa < 0.7071067811865476) {
        mantissa *= 2.0;
        exponent -= 1;
    }
    const double s = (mantissa - 1.0) / (mantissa + 1.0), square = s * s;
    double series = 0.0;
    for (int n = 23; n > 0; n -= 2) series = series * square + 1.0 / n;
    return (exponent - 40) * 0.6931471805599453 + 2.0 * s * series;
}

// Below everything that weighs at least so much.
float bound(int64_t weight) { return weight <= 1 ? LOWEST : std::max(LOWEST, static_cast<float>(natural_log(weight) - SLACK)); }

uint64_t key_of(float logit, int32_t id) {
    const float value = logit + 0.0f;  // the two zeros are equal
    uint32_t bits;
    std::memcpy(&bits, &value, 4);
    bits = bits >> 31 != 0 ? ~bits : bits | 0x80000000u;
    return static_cast<uint64_t>(bits) << 32 | ~static_cast<uint32_t>(id);
}

}  // namespace

Sampler::Sampler(int32_t vocab) : vocab_(vocab), blocks_((vocab + WEIGHED - 1) / WEIGHED) {
    const auto all = static_cast<size_t>(vocab), blocks = static_cast<size_t>(blocks_);
    for (bool real : {false, true}) {
        Cutter cut(real ? memory_.as<void>() : nullptr);
        most_ = cut.take<float>(blocks);
        largest_ = cut.take<float>(blocks);
        sums_ = cut.take<int64_t>(blocks);
        raw_ = cut.take<float>(all);
        counts_ = cut.take<int32_t>(all);
        candidates_ = cut.take<Candidate>(all);
        ordered_ = cut.take<Candidate>(all);
        if (!real) memory_.at_least(cut.used());
    }
    std::memset(counts_, 0, all * sizeof(int32_t));
}

void Sampler::draw(const Kernels& kernels, float* logits, const Draw& draw, const Drawn& drawn, int32_t row) {
    int32_t& token = drawn.token[row];
    float most;
    if (!survey(kernels, logits, most)) {
        token = NOT_FINITE;
        return;
    }
    if (draw.logprobs != 0) std::memcpy(raw_, logits, static_cast<size_t>(vocab_) * sizeof(float));
    if (change(kernels, logits, draw)) survey(kernels, logits, most);
    if (most == INFINITE || most == -INFINITE) {
        token = most > 0.0f ? NOT_FINITE : NOTHING_LEFT;
        return;
    }
    if (draw.temperature < COLDEST) {
        token = first_of(logits, most);
    } else {
        const auto least = static_cast<int64_t>(std::ceil(draw.min_p * ONE));
        token = pick({kernels, logits, most, static_cast<float>(1.0 / draw.temperature), least, bound(least)}, draw);
    }
    if (draw.logprobs == 0) return;
    survey(kernels, raw_, most);
    const size_t at = static_cast<size_t>(row) * static_cast<size_t>(drawn.most);
    report({kernels, raw_, most, 1.0f, 0, LOWEST}, token, draw.logprobs - 1, drawn.logprob[row], drawn.top + at, drawn.top_logprob + at);
}

// The largest of each block, and of all. False where a logit is NaN or +inf.
bool Sampler::survey(const Kernels& kernels, const float* logits, float& most) {
    const bool finite = kernels.survey(logits, vocab_, most_);
    most = *std::max_element(most_, most_ + blocks_);
    return finite;
}

// Whether any logit was changed.
bool Sampler::change(const Kernels& kernels, float* logits, const Draw& draw) {
    const bool penalised = draw.said_count > 0 || draw.prompt_count > 0;
    for (int32_t i = 0; i < draw.biases; i++)
        if (draw.biased[i] < vocab_) logits[draw.biased[i]] += draw.bias[i];
    if (penalised) penalise(logits, draw);
    for (int32_t i = 0; i < draw.forbidden_count; i++)  // a tokenizer may know more ids than the model draws
        if (draw.forbidden[i] < vocab_) logits[draw.forbidden[i]] = -INFINITE;
    if (draw.mask != nullptr) {
        const int32_t known = std::min<int64_t>(vocab_, static_cast<int64_t>(draw.words) * 32);
        kernels.allow(logits, known, draw.mask);
        std::fill(logits + known, logits + vocab_, -INFINITE);
    }
    return penalised || draw.biases > 0 || draw.forbidden_count > 0 || draw.mask != nullptr;
}

void Sampler::penalise(float* logits, const Draw& draw) {
    const auto repetition = static_cast<float>(draw.repetition);
    const std::pair<const int32_t*, int32_t> texts[] = {{draw.prompt, draw.prompt_count}, {draw.said, draw.said_count}};
    if (draw.repetition != 0.0 && draw.repetition != 1.0) {
        for (auto [tokens, count] : texts)
            for (int32_t i = 0; i < count; i++) {
                if (tokens[i] >= vocab_ || counts_[tokens[i]]++ != 0) continue;
                float& logit = logits[tokens[i]];
                logit = logit > 0.0f ? logit / repetition : logit * repetition;
            }
        for (auto [tokens, count] : texts)
            for (int32_t i = 0; i < count; i++)
                if (tokens[i] < vocab_) counts_[tokens[i]] = 0;
    }
    if (draw.presence == 0.0 && draw.frequency == 0.0) return;
    for (int32_t i = 0; i < draw.said_count; i++)
        if (draw.said[i] < vocab_) counts_[draw.said[i]]++;
    for (int32_t i = 0; i < draw.said_count; i++) {
        if (draw.said[i] >= vocab_ || counts_[draw.said[i]] == 0) continue;
        logits[draw.said[i]] -= static_cast<float>(draw.presence + draw.frequency * counts_[draw.said[i]]);
        counts_[draw.said[i]] = 0;
    }
}

int32_t Sampler::first_of(const float* logits, float value) const {
    int32_t block = 0;
    while (most_[block] != value) block++;
    int32_t id = block * WEIGHED;
    while (logits[id] != value) id++;
    return id;
}

int32_t Sampler::pick(const Row& row, const Draw& draw) {
    const bool nucleus_only = draw.top_p > 0.0 && draw.top_p < 1.0;
    const bool first_k = draw.top_k > 0 && draw.top_k < vocab_;
    uint64_t border = 0;
    if (first_k) {
        likeliest(row, draw.top_k, false);
        keep(0, row.least);
    } else {
        total_ = weigh_blocks(row);
        if (!nucleus_only) return among_all(row, target_of(draw, total_));
    }
    if (nucleus_only) {
        const double share = std::ceil(draw.top_p * static_cast<double>(total_));
        const int64_t limit = std::min(std::max(static_cast<int64_t>(share), int64_t{1}), total_);
        // All that weigh at most this weigh together no more than may be left out.
        if (!first_k) collect(row, std::max(row.lowest, bound((total_ - limit) / vocab_)), false);
        border = nucleus(limit);
    }
    return among_candidates(target_of(draw, total_), border);
}

int64_t Sampler::weigh_blocks(const Row& row) {
    int64_t total = 0;
    for (int32_t b = 0; b < blocks_; b++) {
        sums_[b] = 0;
        if (row.scaled(most_[b]) >= row.lowest)
            sums_[b] = row.kernels.weigh(row.x + static_cast<size_t>(b) * WEIGHED, height(b), row.most, row.inverse, row.least, nullptr);
        total += sums_[b];
    }
    return total;
}

int32_t Sampler::among_all(const Row& row, int64_t target) const {
    int32_t block = 0;
    for (; sums_[block] <= target; block++) target -= sums_[block];
    int64_t weights[WEIGHED];
    row.kernels.weigh(row.x + static_cast<size_t>(block) * WEIGHED, height(block), row.most, row.inverse, row.least, weights);
    int32_t i = 0;
    for (; weights[i] <= target; i++) target -= weights[i];
    return block * WEIGHED + i;
}

// Of the candidates whose key is at least `border`.
int32_t Sampler::among_candidates(int64_t target, uint64_t border) const {
    for (int32_t i = 0;; i++) {
        target -= candidates_[i].key >= border ? candidates_[i].weight : 0;
        if (target < 0) return candidates_[i].id();
    }
}

// The candidates become those that are scaled to at least `lowest`; without `all`, those of them that weigh something.
void Sampler::collect(const Row& row, float lowest, bool all) {
    const int64_t least = all ? 0 : 1;
    count_ = 0;
    total_ = 0;
    for (int32_t b = 0; b < blocks_; b++) {
        if (row.scaled(most_[b]) < lowest) continue;
        int64_t weights[WEIGHED];
        uint64_t keys[WEIGHED];
        const int32_t first = b * WEIGHED, here = height(b);
        row.kernels.weigh(row.x + first, here, row.most, row.inverse, row.least, weights);
        for (int32_t i = 0; i < here; i++) keys[i] = key_of(row.x[first + i], first + i);
        for (int32_t i = 0; i < here; i++) {
            candidates_[count_] = {keys[i], weights[i]};
            const bool kept = (row.scaled(row.x[first + i]) >= lowest) & (weights[i] >= least);
            count_ += kept;
            total_ += kept ? weights[i] : 0;
        }
    }
}

// The candidates become the `count` largest; without `all`, those of them that weigh something.
void Sampler::likeliest(const Row& row, int32_t count, bool all) {
    float lowest = all ? -INFINITE : LOWEST;
    if (count <= blocks_) {  // so many blocks have a logit that is at least as large as the smallest of these
        std::copy(most_, most_ + blocks_, largest_);
        std::nth_element(largest_, largest_ + count - 1, largest_ + blocks_, std::greater<float>());
        lowest = std::max(lowest, row.scaled(largest_[count - 1]));
    }
    collect({row.kernels, row.x, row.most, row.inverse, 0, LOWEST}, lowest, all);
    if (count_ <= count) return;
    std::copy(candidates_, candidates_ + count_, ordered_);
    std::nth_element(ordered_, ordered_ + count - 1, ordered_ + count_, likelier);
    keep(ordered_[count - 1].key, 0);
}

// Of the candidates, those whose key and whose weight are at least these.
void Sampler::keep(uint64_t border, int64_t least) {
    int32_t kept = 0;
    total_ = 0;
    for (int32_t i = 0; i < count_; i++) {
        const Candidate candidate = candidates_[i];
        candidates_[kept] = candidate;
        const bool stays = (candidate.key >= border) & (candidate.weight >= least);
        kept += stays;
        total_ += stays ? candidate.weight : 0;
    }
    count_ = kept;
}

// The key of the last of the fewest likeliest candidates that weigh `limit`: looked for as in quickselect, by weight in place of number.
// What these weigh becomes the total.
uint64_t Sampler::nucleus(int64_t limit) {
    int64_t before;
    if (!narrow(limit, before)) {
        std::copy(candidates_, candidates_ + count_, ordered_);
        some_ = count_;
        before = 0;
    }
    total_ = limit;
    limit -= before;
    auto found = [&](const Candidate& last) {
        total_ += last.weight - limit;
        return last.key;
    };
    Candidate *first = ordered_, *last = ordered_ + some_;  // what is before `first` is likelier than the border, and taken off the limit
    for (int rounds = 0; last - first > FEW && rounds < 64; rounds++) {
        Candidate *middle = first + (last - first) / 2, *end = last - 1;
        if (likelier(*middle, *first)) std::swap(*middle, *first);
        if (likelier(*end, *first)) std::swap(*end, *first);
        if (likelier(*middle, *end)) std::swap(*end, *middle);  // the median of three is the last
        const Candidate pivot = *end;
        Candidate* above = first;
        int64_t weight = 0;
        for (Candidate* at = first; at < end; at++) {  // without a branch that would be guessed wrongly half of the time
            const Candidate candidate = *at;
            const bool is_above = likelier(candidate, pivot);
            *at = *above;
            *above = candidate;
            above += is_above;
            weight += is_above ? candidate.weight : 0;
        }
        if (weight >= limit) {
            last = above;
            continue;
        }
        limit -= weight;
        std::swap(*above, *end);
        if (pivot.weight >= limit) return found(pivot);
        limit -= pivot.weight;
        first = above + 1;
    }
    std::sort(first, last, likelier);
    while (first + 1 < last && first->weight < limit) limit -= (first++)->weight;
    return found(*first);
}

// Into `ordered_` goes what a sample of many candidates says the border is among, into `above` what is likelier weighs. False where the
// sample is wrong, or there are few.
bool Sampler::narrow(int64_t limit, int64_t& above) {
    if (count_ < 8 * SAMPLE) return false;
    Candidate sample[SAMPLE];
    int64_t all = 0, reached = 0;
    for (int32_t i = 0; i < SAMPLE; i++) all += (sample[i] = candidates_[static_cast<int64_t>(i) * count_ / SAMPLE]).weight;
    std::sort(sample, sample + SAMPLE, likelier);
    int32_t at = 0;
    const double share = static_cast<double>(limit) / static_cast<double>(total_) * static_cast<double>(all);
    while (at < SAMPLE && static_cast<double>(reached += sample[at].weight) < share) at++;
    const uint64_t highest = at < AROUND ? ~uint64_t{0} : sample[at - AROUND].key;
    const uint64_t lowest = at + AROUND >= SAMPLE ? 0 : sample[at + AROUND].key;
    some_ = 0;
    above = 0;
    int64_t within = 0;
    for (int32_t i = 0; i < count_; i++) {
        const Candidate candidate = candidates_[i];
        const bool is_above = candidate.key > highest, is_within = !is_above & (candidate.key >= lowest);
        above += is_above ? candidate.weight : 0;
        within += is_within ? candidate.weight : 0;
        ordered_[some_] = candidate;
        some_ += is_within;
    }
    return above < limit && above + within >= limit;
}

void Sampler::report(const Row& row, int32_t token, int32_t count, double& logprob, int32_t* top, double* top_logprob) {
    const double normalizer = natural_log(weigh_blocks(row));
    auto of = [&](int32_t id) { return (static_cast<double>(row.x[id]) - static_cast<double>(row.most)) - normalizer; };
    logprob = of(token);
    if (count == 0) return;
    likeliest(row, std::min(count, vocab_), true);
    std::sort(candidates_, candidates_ + count_, likelier);
    for (int32_t i = 0; i < count_; i++) {
        top[i] = candidates_[i].id();
        top_logprob[i] = of(top[i]);
    }
}

}  // namespace alize
