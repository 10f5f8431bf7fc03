// A feed-forward of experts: who computes which rows, and the phases in which they do.
#include "experts.h"

#include <cstring>

#include "job.h"

namespace alize {

int32_t Choices::deal(int32_t experts, int32_t tile_rows) const {
    std::memset(begin, 0, (static_cast<size_t>(experts) + 1) * sizeof(int32_t));
    for (int32_t choice = 0; choice < slots_count(); choice++) begin[chosen[choice] + 1]++;
    int32_t tiles = 0, lot = 0;
    for (int32_t e = 0; e < experts; e++) {
        const int32_t rows = begin[e + 1];
        begin[e + 1] += begin[e];
        if (rows == 0) continue;
        lots[lot] = {e, begin[e], rows, tiles};
        for (int32_t row = 0; row < rows; row += tile_rows) lot_of[tiles++] = lot;
        lot++;
    }
    for (int32_t choice = 0; choice < slots_count(); choice++) slots[begin[chosen[choice]]++] = choice;
    return tiles;
}

void Session::choices(Job& job, Cutter& cut) {
    const Model& m = model_;
    Choices& c = job.choices;
    c.tokens = job.step.tokens;
    c.active = m.active;
    const auto slots = static_cast<size_t>(c.slots_count());
    const int32_t most = std::min(m.experts, c.slots_count());
    c.chosen = cut.take<int32_t>(slots);
    c.shares = cut.take<float>(slots);
    c.slots = cut.take<int32_t>(slots);
    c.lots = cut.take<Lot>(static_cast<size_t>(most));
    c.lot_of = cut.take<int32_t>(static_cast<size_t>(most + c.slots_count() / ROW_TILE));
    c.begin = cut.take<int32_t>(static_cast<size_t>(m.experts) + 1);
    c.dealt = cut.integers(c.tokens > 1 ? c.slots_count() : 0, m.dim, floats_);
    c.gated = cut.integers(c.slots_count(), m.expert_mlp, floats_);
    c.outputs = cut.take<float>(slots * static_cast<size_t>(m.dim));
}

bool Session::experts(Crew::Walk& walk, const Job& job, const Layer& layer, Scratch& own) {
    const Model& m = model_;
    const Choices& c = job.choices;
    const Router router{layer.router, m.experts, m.active, m.dim, m.share_scale};

    auto deal = [&](uint32_t) { job.tiles.store(c.deal(m.experts, ROW_TILE), std::memory_order_release); };
    auto route = [&](uint32_t token) {
        const auto t = static_cast<int32_t>(token);
        kernels_.normalise(job.x + static_cast<size_t>(t) * m.dim, layer.mlp_norm, m.dim, m.epsilon, own.row);
        job.normal.write(kernels_, own.row, m.dim, t);
        const size_t choice = static_cast<size_t>(t) * m.active;
        kernels_.route(router, own.row, own.logits, c.chosen + choice, c.shares + choice);
        if (c.tokens == 1) deal(0);
    };
    if (!walk.phase(static_cast<uint32_t>(c.tokens), route)) return false;
    if (c.tokens > 1) {
        if (!walk.phase(1, deal)) return false;
        constexpr int32_t SOME = 8;  // rows, which lie anywhere, to where those of one expert are beside each other
        auto gather = [&](uint32_t chunk) {
            const int32_t first = static_cast<int32_t>(chunk) * SOME, end = std::min(c.slots_count(), first + SOME);
            for (int32_t slot = first; slot < end; slot++) c.dealt.copy(job.normal, c.token(slot), slot);
        };
        if (!walk.phase(static_cast<uint32_t>(ceiling(c.slots_count(), SOME)), gather)) return false;
    }

    // A chunk: some outputs of one expert, for a tile of its rows. All tiles of the same outputs follow each other, so that weights are read once.
    const auto tiles = static_cast<uint32_t>(job.tiles.load(std::memory_order_acquire));
    struct Part {
        const FeedForward* expert;
        int32_t panel, row, height;
    };
    auto part = [&](uint32_t chunk, uint32_t panels) -> Part {
        const Lot& lot = c.lots[c.lot_of[chunk / panels]];
        const uint32_t within = chunk - static_cast<uint32_t>(lot.tile) * panels, height = static_cast<uint32_t>(ceiling(lot.rows, ROW_TILE));
        const int32_t row = static_cast<int32_t>(within % height) * ROW_TILE;
        return {layer.experts + lot.expert, static_cast<int32_t>(within / height), lot.first + row, std::min(ROW_TILE, lot.rows - row)};
    };

    const auto gates = static_cast<uint32_t>(ceiling(m.expert_mlp, BLOCK));
    auto close = [&](uint32_t chunk) {
        const Part p = part(chunk, gates);
        const int32_t first = p.panel * BLOCK;
        gate_and_up(*p.expert, first, BLOCK, (c.tokens > 1 ? c.dealt : job.normal).rows(), c.tokens > 1 ? p.row : 0, p.height, own.tile);
        gate(own.tile, first, BLOCK, p.row, p.height, c.gated);
    };
    if (!walk.phase(tiles * gates, close)) return false;

    const int32_t blocks = m.dim / OUTPUTS;
    const auto per = std::clamp(ceiling(blocks * static_cast<int32_t>(tiles), 4 * threads()), 1, TILE_OUTPUTS / OUTPUTS);
    const auto panels = static_cast<uint32_t>(ceiling(blocks, per));
    auto down = [&](uint32_t chunk) {
        const Part p = part(chunk, panels);
        const int32_t first = p.panel * per, last = std::min(blocks, first + per), outputs = (last - first) * OUTPUTS;
        kernels_.product(p.expert->down, first, last, c.gated.rows(), p.row, p.height, own.tile, static_cast<size_t>(outputs));
        for (int32_t r = 0; r < p.height; r++)
            for (int32_t n = first; n < last; n++) {
                const int32_t slot = p.row + r;
                const size_t place = (static_cast<size_t>(c.token(slot)) * blocks + n) * m.active + c.rank(slot);
                std::memcpy(c.outputs + place * OUTPUTS, own.tile + static_cast<size_t>(r) * outputs + (n - first) * OUTPUTS, OUTPUTS * sizeof(float));
            }
    };
    if (!walk.phase(tiles * panels, down)) return false;

    auto sum = [&](uint32_t token) {
        const float* shares = c.shares + static_cast<size_t>(token) * m.active;
        for (int32_t n = 0; n < blocks; n++) {
            const size_t place = static_cast<size_t>(token) * blocks + n;
            float acc[OUTPUTS] = {};
            kernels_.widen(shares, c.outputs + place * m.active * OUTPUTS, m.active, acc);
            kernels_.add(job.x + place * OUTPUTS, acc, OUTPUTS);
        }
    };
    return walk.phase(static_cast<uint32_t>(c.tokens), sum);
}

}  // namespace alize
