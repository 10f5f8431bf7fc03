// A transformer of Llama's or Mixtral's shape, as the engine gives it: plain structures that Python fills, and one call a step.
#pragma once
#include <cstdint>

#include "sample.h"

namespace alize {

struct FeedForward {
    Matrix gate_up;  // 16 outputs of the gate, 16 of up, and so on; or the gate alone
    Matrix up;       // where its format is another one, else of no rows
    Matrix down;
};

struct Layer {
    const float* attention_norm;  // [dim]
    const float* mlp_norm;        // [dim]
    Matrix qkv[3];                // of queries, of keys, of values: each may have a format of its own
    const float* query_norm;      // [head] of each head before it is turned, or null
    const float* key_norm;
    Matrix out;
    FeedForward mlp;              // of no rows where there are experts
    const float* router;          // as in Router; null where there are none
    const FeedForward* experts;   // [experts]
    const float* cosines;         // [positions][head / 2]
    const float* sines;
    int32_t table;                // which of a step's block tables
    int32_t window;               // 0: all
};

struct Model {
    int32_t dim, heads, kv_heads, head, mlp, vocab, layers;
    int32_t experts, active, expert_mlp;  // all 0 in models without
    float epsilon;
    float query_scale;
    float share_scale;  // of experts
    Matrix embedding, vocabulary;  // the same where they are tied
    const float* norm;
    const Layer* layer;
};

// What an adapter adds to one product of a layer, y += B (A x): see src/alize/model/lora.py. The products of queries, keys and values, and those
// of gate and up, are one here, but each has an A of its own: `first[n]` says which rows of A the n-th 16 outputs are made of.
struct LowRank {
    const float* a;        // [rank][columns]; null where the adapter leaves this product alone
    const float* b;        // [outputs / 16][width][16], scaled
    const int32_t* first;  // [outputs / 16]
    int32_t rank, width;   // of all A of this product together; of each
};

struct Adapter {
    LowRank qkv, out, gate_up, down;
};

// Keys and values of one layer: page p of key/value head h at p · stride + h · bytes_of_keys, or of_values. What all layers of a group keep of 16 tokens
// lies together, so that a sequence has few places in memory:
//
//     block 0  [layer 0: keys of head 0, 1 … | values of head 0, 1 …][layer 1 …] …    block 1  [layer 0: …
struct Cache {
    uint8_t* keys;
    uint8_t* values;
    size_t stride;  // bytes from one block to the next
    Kept kept;
};

// A packed batch, see Batch in the engine's runners/base.py.
struct Step {
    int32_t tokens, sequences;
    const int32_t* token;       // [tokens]
    const int32_t* position;    // [tokens]
    const int32_t* length;      // [sequences]
    const int32_t* const* table;  // for each table: [sequences][width], block numbers
    const int32_t* width;
    const int32_t* row;         // [rows] tokens whose hidden row is wanted, ascending
    int32_t rows;
    const Adapter* const* adapter;  // [sequences] of [layers] each, null for none; or null where no sequence has one
    int32_t widest_rank;        // of any product of these adapters
    float* hidden;              // [rows][dim] after the last norm, or null
    float* logits;              // [rows][vocab], or null
    const Draw* draw;           // [rows] how a token is drawn, or null
    const Drawn* drawn;         // where it goes, or null
    void (*beside)(int32_t task);  // called once for each task before anything is drawn, by any thread; several tasks at a time
    int32_t besides;               // tasks; 0 where nothing is drawn
};

}  // namespace alize
