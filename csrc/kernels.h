// What one processor family computes: plain structures, and a table of functions that an isa/ file fills.
#pragma once
#include <cstddef>
#include <cstdint>

#include "formats.h"

namespace alize {

// N rows of weights with K columns, packed as formats.h says; N padded to 16 with zero scales.
struct Matrix {
    Format format;
    int32_t rows, columns;      // as padded: multiples of 16 and of 32
    const uint8_t* values;      // [N/16][K/32][lines of 64 bytes], 64-byte aligned
    const uint16_t* scales;     // float16 [N/16][K/32, or K/256][16]; null where weights are floats
    const uint16_t* minimums;   // the same, or null; in formats with factors negative
    const uint8_t* factors;     // [N/16][K/32][2][16]: of scale and minimum, or of the scales of both parts, with a sign; or null
};

// Quantised rows, see contract.h. One row is `stride` bytes of integers; scales and sums have strides of their own.
struct Rows {
    const int8_t* integers;
    const float* scales;  // [row][blocks]
    const float* sums;    // [row][groups], whole numbers
    const float* halves;  // [row][groups][2], of the first 16 and of the others
    const uint8_t* marks;  // [row][marks_stride]: which number of a block stands apart, counted from 1; 0 for none, also behind the last block
    const float* apart;    // [row][blocks]: that number
    const float* numbers;  // [row][columns], what was quantised: for weights that are floats; null in models that have none
    int32_t stride, blocks, groups, marks_stride, numbers_stride;  // marks_stride: a multiple of 8
};

// How keys and values are kept. A page of one head is 16 tokens of it:
//
//     BFLOAT16   keys [width][16], or values [16][width]
//     INT8       the same in bytes, and behind them their scales: of keys [width / 16][16], one for 16 columns of a token, of values [16]
enum class Kept : int32_t { BFLOAT16, INT8 };

constexpr int KEY_PART = 16;  // columns of a key that share a scale: a few are much larger than the others, and always the same

constexpr size_t bytes_of_keys(Kept kept, int32_t width) {
    const auto numbers = static_cast<size_t>(width) * 16;
    return kept == Kept::INT8 ? numbers + numbers / KEY_PART * sizeof(float) : numbers * 2;
}
constexpr size_t bytes_of_values(Kept kept, int32_t width) {
    const auto numbers = static_cast<size_t>(width) * 16;
    return kept == Kept::INT8 ? numbers + 16 * sizeof(float) : numbers * 2;
}

// Queries of one key/value head, and where its keys and values lie.
struct Attention {
    const float* queries;      // [rows][width], scaled
    float* out;                // [rows][width]
    const int32_t* positions;  // [rows], ascending
    int32_t rows;              // at most ATTENTION_ROWS
    int32_t width;             // of a head: 32, 64, 96 or 128
    int32_t window;            // keys a query sees, itself included; 0 for all
    const int32_t* table;      // page of each 16 positions
    Kept kept;
    const uint8_t* keys;       // of this layer and head: page p at p · page_stride
    const uint8_t* values;
    size_t page_stride;        // in bytes
};

constexpr int ATTENTION_ROWS = 6;
constexpr int WEIGHED = 64;  // logits that are weighed in one call

// What chooses the experts of a row.
struct Router {
    const float* weights;     // [experts / 16, rounded up][columns][16], zeros where there are no experts
    int32_t experts, active;  // of which each row goes to so many
    int32_t columns;
    float scale;              // what shares sum to
};

struct Kernels {
    const char* name;
    // y[row][output] of output blocks [first, last), for `count` rows starting at `row`. `stride`: floats from one row of y to the next.
    // y is indexed from the first output of `first`.
    void (*product)(const Matrix&, int32_t first, int32_t last, const Rows&, int32_t row, int32_t count, float* y, size_t stride);
    // One row, or some blocks of it, to integers. columns: a multiple of 32.
    void (*quantise)(const float* x, int32_t columns, int8_t* integers, float* scales, float* sums, float* halves, uint8_t* marks, float* apart);
    // t[j] = a[j] · x, x a row of integers and what stands apart of it, as floats in `x`; or the row that was quantised, where it is there.
    // a: [rank][columns]
    void (*narrow)(const Rows&, int32_t row, const float* a, int32_t rank, int32_t columns, float* x, float* t);
    // y[o] += sum over j of b[j][o] · t[j], for 16 outputs
    void (*widen)(const float* t, const float* b, int32_t width, float* y);
    // out = x / sqrt(mean(x²) + epsilon) · weight
    void (*normalise)(const float* x, const float* weight, int32_t columns, float epsilon, float* out);
    // out = silu(gate) · up, 16 numbers of each alternating as a product of interleaved matrices gives them: [gate 16][up 16]…
    void (*gate)(const float* interleaved, int32_t columns, float* out);
    // Halves of a head turned: (a, b) → (a·cos - b·sin, b·cos + a·sin). width: a multiple of 32.
    void (*rotate)(float* head, const float* cosines, const float* sines, int32_t width);
    void (*attend)(const Attention&);
    // x += y
    void (*add)(float* x, const float* y, int32_t columns);
    // One head's key, or value, of one token into its page, at `slot`.
    void (*remember_key)(Kept, const float* key, int32_t width, uint8_t* page, int32_t slot);
    void (*remember_value)(Kept, const float* value, int32_t width, uint8_t* page, int32_t slot);
    // The experts of a row, the first choice first, and the share of each. logits: room for all, rounded up to 16.
    void (*route)(const Router&, const float* x, float* logits, int32_t* chosen, float* shares);
    // The largest of each WEIGHED logits of a row. False where one is NaN or +inf.
    bool (*survey)(const float* x, int32_t columns, float* most);
    // -inf where bit `id % 32` of word `id / 32` is not set.
    void (*allow)(float* x, int32_t columns, const uint32_t* mask);
    // The sum of the weights of at most WEIGHED logits, and into `weights`, where that is not null, each of WEIGHED; see sample.h. What is
    // below `least` is 0.
    int64_t (*weigh)(const float* x, int32_t count, float most, float inverse, int64_t least, int64_t* weights);
};

extern const Kernels portable;
#if defined(__x86_64__)
extern const Kernels avx2;
extern const Kernels avx512;
#if defined(ALIZE_AMX)  // where compiler and assembler know it
extern const Kernels amx;
#endif
#elif defined(__aarch64__)
extern const Kernels dotprod;
extern const Kernels i8mm;
#endif

// The fastest that this processor and its system can run; `wish` names one, for tests. Null where that one cannot run here.
const Kernels* choose_kernels(const char* wish);

}  // namespace alize
