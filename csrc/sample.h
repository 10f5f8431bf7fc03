// The next token of a row of logits: the rules of src/alize/engine/sample.py, and the same bits as it gives.
//
// Every operation on floats is rounded by itself (none is an fma), in single precision where nothing else is said:
//
//   raw       a row with a logit that is NaN or +inf gives NOT_FINITE
//   forbid    -inf where a mask has no bit, and for stop tokens that may not be drawn yet
//   bias      logit += bias
//   repeated  once for each token of prompt and answer: logit / r where it is above 0, else logit · r
//   said      once for each token of the answer: logit -= (presence + frequency · how often), which is computed in double precision
//   most      the largest that is left: -inf gives NOTHING_LEFT, +inf NOT_FINITE
//   greedy    the first that equals it, where the temperature is below 1e-30
//
//   weight    x = (logit - most) · i, with i = 1 / temperature, a quotient in double precision
//             0 where x < -28, else e^x in units of 2^-40, to the nearest, ties to even:
//                 n = nearest_even(x · 1.44269504)     r = (x - n · 0.693359375) - n · -2.12194440e-4
//                 p = ((((c0 · r + c1) · r + c2) · r + c3) · r + c4) · r + c5
//                 e^x = ((p · (r · r) + r) + 1) · 2^n
//   top_k     the k largest logits, of equal ones the first
//   min_p     those whose weight is at least min_p · 2^40
//   top_p     the fewest largest logits, of equal ones the first, whose weights reach
//             min(max(ceil(top_p · sum), 1), sum), the product in double precision
//   draw      u = 53 bits of (seed, position)      t = floor(u · sum / 2^53)
//             the first token, by id, at which the sum of weights so far exceeds t
//
//   Weights are whole numbers, so that sums of them are exact, whatever their order; each of top_k, min_p and top_p sees what the one
//   before it left.
//
//   log-probabilities are of the raw row at temperature 1, in double precision:
//             (logit - most) - ln(sum / 2^40), where with sum = m · 2^e and 1/√2 <= m < √2, s = (m - 1) / (m + 1)
//             ln(sum / 2^40) = (e - 40) · ln 2 + 2 · s · (1 + s²/3 + s⁴/5 + … + s²²/23), by Horner's rule from the last term
//
//   An example of four tokens with temperature 1 and top_p = 0.9:
//       logits 2 1 -30 1    weights 1099511627776 404487733248 0 404487733248     sum s = 1908487094272
//       top_p: 0.9 · s is reached by all three, of which the second of the equal ones is the last
//       u = 2^52, one half: t = s / 2 = 954243547136, and 1099511627776 exceeds it: the first token is drawn
#pragma once
#include <cstdint>
#include <memory>

#include "kernels.h"
#include "memory.h"

namespace alize {

constexpr int32_t NOT_FINITE = -1, NOTHING_LEFT = -2;

// How one row's token is drawn. All that is zero: the likeliest.
struct Draw {
    uint64_t seed;
    int64_t position;               // the one that the token will take
    double temperature;
    double min_p;                   // 0: all
    double top_p;                   // 0, or 1: all
    double presence, frequency;
    double repetition;              // 0, or 1: none
    const int32_t* prompt;          // for the repetition penalty
    const int32_t* said;            // for all three
    const int32_t* biased;          // tokens, each once
    const float* bias;
    const int32_t* forbidden;
    const uint32_t* mask;           // null, or bit `id % 32` of word `id / 32`: allowed
    int32_t prompt_count, said_count, biases, forbidden_count, words;
    int32_t top_k;                  // 0: all
    int32_t logprobs;               // 0: none; else 1 for the drawn token's, and 1 for each of the likeliest beside it
};

// Where it goes, row by row.
struct Drawn {
    int32_t* token;        // [rows], or NOT_FINITE, NOTHING_LEFT
    double* logprob;       // [rows], written for those that ask for it and give a token
    int32_t* top;          // [rows][most], as many of each as it asks for and the vocabulary has
    double* top_logprob;
    int32_t most;
};

// Memory for one row at a time, of one thread.
class Sampler {
public:
    explicit Sampler(int32_t vocab);  // Throws std::bad_alloc
    // Writes into the logits of the row, and what was drawn.
    void draw(const Kernels& kernels, float* logits, const Draw& draw, const Drawn& drawn, int32_t row);

private:
    // Logits and how they are weighed.
    struct Row {
        const Kernels& kernels;
        const float* x;
        float most, inverse;
        int64_t least;  // what weighs less weighs nothing
        float lowest;   // (logit - most) · inverse of everything that weighs something is at least this
        float scaled(float logit) const { return (logit - most) * inverse; }
    };
    struct Candidate {
        uint64_t key;  // larger where the logit is, or where it is equal and the id smaller
        int64_t weight;
        int32_t id() const { return static_cast<int32_t>(~static_cast<uint32_t>(key)); }
    };

    static bool likelier(const Candidate& a, const Candidate& b) { return a.key > b.key; }

    bool change(const Kernels& kernels, float* logits, const Draw& draw);
    void penalise(float* logits, const Draw& draw);
    bool survey(const Kernels& kernels, const float* logits, float& most);
    int32_t first_of(const float* logits, float value) const;
    int32_t pick(const Row& row, const Draw& draw);
    int64_t weigh_blocks(const Row& row);
    int32_t among_all(const Row& row, int64_t target) const;
    int32_t among_candidates(int64_t target, uint64_t border) const;
    void collect(const Row& row, float lowest, bool all);
    void likeliest(const Row& row, int32_t count, bool all);
    void keep(uint64_t border, int64_t least);
    uint64_t nucleus(int64_t limit);
    bool narrow(int64_t limit, int64_t& above);
    int32_t height(int32_t block) const { return block + 1 < blocks_ ? WEIGHED : vocab_ - block * WEIGHED; }
    void report(const Row& row, int32_t token, int32_t count, double& logprob, int32_t* top, double* top_logprob);

    const int32_t vocab_, blocks_;
    Buffer memory_;
    float* most_ = nullptr;           // [blocks] the largest logit of each
    float* largest_ = nullptr;        // [blocks] these, in another order
    int64_t* sums_ = nullptr;         // [blocks] of weights
    float* raw_ = nullptr;            // [vocab]
    int32_t* counts_ = nullptr;       // [vocab] how often each was said; zeros between two rows
    Candidate* candidates_ = nullptr;  // [vocab] by id: what may still be drawn
    Candidate* ordered_ = nullptr;     // [vocab] some of them
    int32_t count_ = 0, some_ = 0;     // how many these are
    int64_t total_ = 0;                // what the candidates weigh
};

}  // namespace alize
