// What a walk is about, and what each thread has for itself: what the parts of Session share with each other.
#pragma once
#include <algorithm>
#include <atomic>

#include "experts.h"
#include "sample.h"
#include "session.h"

namespace alize {

constexpr int FEW = 4;        // rows that each member rather quantises for itself than waits for
constexpr int ROW_TILE = 64;  // rows of a chunk where there are many: their integers stay in a core's own cache
constexpr int32_t TILE_OUTPUTS = 256;
constexpr int32_t TILE_GATES = TILE_OUTPUTS / 2;  // columns of a feed-forward's width: a gate and an up for each

constexpr int32_t ceiling(int32_t a, int32_t b) { return (a + b - 1) / b; }

// Units of outputs × rows, cut into chunks.
struct Chunks {
    int32_t units, per, tiles, rows;
    Chunks(int32_t units, int32_t rows, int threads, int32_t most) : units(units), rows(rows) {
        tiles = ceiling(rows, ROW_TILE);
        const int32_t largest = std::clamp(ceiling(units, 4 * threads), 1, most);
        // 36 units by two threads: by fives the one computes 20 of them and the other 16, by threes each 18.
        auto longest = [&](int32_t per) { return ceiling(ceiling(units, per) * tiles, threads) * per; };
        per = largest;
        for (int32_t less = largest - 1; less >= (largest + 1) / 2; less--)
            if (longest(less) < longest(per)) per = less;
    }
    uint32_t count() const { return static_cast<uint32_t>(ceiling(units, per) * tiles); }
    int32_t first(uint32_t chunk) const { return static_cast<int32_t>(chunk) / tiles * per; }
    int32_t last(uint32_t chunk) const { return std::min(units, first(chunk) + per); }
    int32_t row(uint32_t chunk) const { return static_cast<int32_t>(chunk) % tiles * ROW_TILE; }
    int32_t height(uint32_t chunk) const { return std::min(ROW_TILE, rows - row(chunk)); }
};

struct Item {  // queries of some tokens of one sequence that share keys
    int32_t sequence, kv_head, head, heads, token, tokens;
};

struct Session::Scratch {
    explicit Scratch(int32_t vocab) : sampler(vocab) {}
    Buffer memory;
    Sampler sampler;
    Integers few{};           // FEW normalised rows
    float* row = nullptr;     // one row of the widest
    float* tile = nullptr;    // [ROW_TILE][outputs of a chunk]
    float* queries = nullptr;
    float* weighed = nullptr;
    float* logits = nullptr;  // [experts, up to a multiple of 16]
};

struct Session::Job {
    Step step{};
    float *x = nullptr, *queries = nullptr, *logits = nullptr;
    Integers normal{}, attended{}, gated{}, last{};
    Choices choices{};
    std::vector<int32_t> sequence_of;
    std::vector<Item> items;
    std::vector<int32_t> adapted;      // tokens that have an adapter
    std::vector<int32_t> adapted_as;   // which of these each token is, -1 for none; empty where none has one
    float* narrow = nullptr;           // [adapted][widest rank]: A x of the product that is next
    // Tiles of rows of the layer's experts. Read by threads that may be late: what they find then is of a layer after theirs, whose phases
    // are over, and that they see as soon as they have seen this.
    mutable std::atomic<int32_t> tiles{0};
};

}  // namespace alize
