// A dense transformer of Llama's shape, as the engine gives it: plain structures that Python fills, and one call a step.
#pragma once
#include <cstdint>

#include "kernels.h"

namespace alize {

struct Layer {
    const float* attention_norm;  // [dim]
    const float* mlp_norm;        // [dim]
    Matrix qkv;                   // outputs: all query heads, then all key heads, then all value heads
    Matrix out;
    Matrix gate_up;               // 16 outputs of the gate, 16 of up, and so on
    Matrix down;
    const float* cosines;         // [positions][head / 2]
    const float* sines;
    int32_t table;                // which of a step's block tables
    int32_t window;               // 0: all
};

struct Model {
    int32_t dim, heads, kv_heads, head, mlp, vocab, layers;
    float epsilon;
    float query_scale;
    Matrix embedding, vocabulary;  // the same where they are tied
    const float* norm;
    const Layer* layer;
};

// Keys and values of one layer: page p of key/value head h at ((p · kv_heads) + h) · head · 16.
struct Cache {
    uint16_t* keys;
    uint16_t* values;
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
    float* hidden;              // [rows][dim] after the last norm, or null
    float* logits;              // [rows][vocab], or null
    int32_t* best;              // [rows] likeliest tokens, or null
};

}  // namespace alize
