#include "session.h"

#include <algorithm>
#include <cstring>

#include "job.h"
#include "pack.h"

namespace alize {

namespace {

// A thread that is so many steps late may read a job that is being made anew. It claims nothing of it, since that step is over.
constexpr uint32_t JOBS = 64;

bool multiplies_floats(const Model& model) {
    auto is = [](const Matrix& w) { return w.rows != 0 && is_float(w.format); };
    auto one = [&](const FeedForward& w) { return is(w.gate_up) || is(w.up) || is(w.down); };
    auto some = [&](const Layer& layer) {
        const bool routed = layer.router != nullptr && std::any_of(layer.experts, layer.experts + model.experts, one);
        return routed || one(layer.mlp) || is(layer.out) || std::any_of(layer.qkv, layer.qkv + 3, is);
    };
    return is_float(model.vocabulary.format) || std::any_of(model.layer, model.layer + model.layers, some);
}

}  // namespace

Session::Session(const Model& model, const Kernels& kernels, int threads)
    : model_(model), layers_(model.layer, model.layer + model.layers), floats_(multiplies_floats(model)), kernels_(kernels),
      crew_(threads, [this](int member, uint32_t number) { walk(member, number); }) {
    for (uint32_t i = 0; i < JOBS; i++) jobs_.push_back(std::make_unique<Job>());
    int32_t widest = std::max({model.dim, model.mlp, model.heads * model.head});
    for (int i = 0; i < threads; i++) {
        auto own = std::make_unique<Scratch>(model.vocab);
        for (bool real : {false, true}) {
            Cutter cut(real ? own->memory.as<void>() : nullptr);
            own->few = cut.integers(FEW, model.dim, floats_);
            own->row = cut.take<float>(static_cast<size_t>(widest));
            own->tile = cut.take<float>(static_cast<size_t>(ROW_TILE) * TILE_OUTPUTS);
            own->queries = cut.take<float>(static_cast<size_t>(ATTENTION_ROWS) * model.head);
            own->weighed = cut.take<float>(static_cast<size_t>(ATTENTION_ROWS) * model.head);
            own->logits = cut.take<float>(static_cast<size_t>(ceiling(model.experts, OUTPUTS)) * OUTPUTS);
            if (!real) own->memory.at_least(cut.used());
        }
        scratch_.push_back(std::move(own));
    }
}

Session::~Session() = default;

void Session::run(const Step& step) {
    Job& job = *jobs_[crew_.next() % JOBS];
    job.step = step;
    prepare(job);
    crew_.run();
}

void Session::prepare(Job& job) {
    const Step& step = job.step;
    const Model& m = model_;
    job.adapted.clear();
    job.adapted_as.clear();
    if (step.adapter != nullptr) {
        job.adapted_as.assign(static_cast<size_t>(step.tokens), -1);
        for (int32_t s = 0, token = 0; s < step.sequences; token += step.length[s++])
            for (int32_t t = token; step.adapter[s] != nullptr && t < token + step.length[s]; t++) {
                job.adapted_as[static_cast<size_t>(t)] = static_cast<int32_t>(job.adapted.size());
                job.adapted.push_back(t);
            }
    }
    for (bool real : {false, true}) {
        Cutter cut(real ? memory_.as<void>() : nullptr);
        job.x = cut.take<float>(static_cast<size_t>(step.tokens) * m.dim);
        job.queries = cut.take<float>(static_cast<size_t>(step.tokens) * m.heads * m.head);
        job.normal = cut.integers(step.tokens, m.dim, floats_);
        job.attended = cut.integers(step.tokens, m.heads * m.head, floats_);
        job.gated = cut.integers(step.tokens, m.mlp, floats_);
        if (m.experts > 0) choices(job, cut);
        job.last = cut.integers(step.rows, m.dim, floats_);
        job.logits = step.logits;
        if (step.logits == nullptr && step.draw != nullptr) job.logits = cut.take<float>(static_cast<size_t>(step.rows) * m.vocab);
        job.narrow = cut.take<float>(job.adapted.size() * static_cast<size_t>(step.widest_rank));
        if (!real) memory_.at_least(cut.used());
    }
    int32_t group = m.heads / m.kv_heads;
    int32_t together = std::min(group, ATTENTION_ROWS);
    if (step.sequences * m.kv_heads < 2 * threads()) together = 1;  // few: better spread over cores than sharing what is read
    job.items.clear();
    job.sequence_of.clear();
    for (int32_t s = 0, token = 0; s < step.sequences; token += step.length[s++]) {
        job.sequence_of.insert(job.sequence_of.end(), static_cast<size_t>(step.length[s]), s);
        int32_t tall = std::max(1, ATTENTION_ROWS / together);
        for (int32_t kv = 0; kv < m.kv_heads; kv++)
            for (int32_t first = 0; first < group; first += together)
                for (int32_t t = 0; t < step.length[s]; t += tall)
                    job.items.push_back({s, kv, kv * group + first, std::min(together, group - first), token + t,
                                         std::min(tall, step.length[s] - t)});
    }
}

void Session::walk(int member, uint32_t number) {
    const Job& job = *jobs_[number % JOBS];
    const Step& step = job.step;
    Scratch& own = *scratch_[static_cast<size_t>(member)];
    Crew::Walk walk(crew_, number);
    auto embed = [&](uint32_t chunk) {
        int32_t end = std::min(step.tokens, (static_cast<int32_t>(chunk) + 1) * FEW);
        for (int32_t t = static_cast<int32_t>(chunk) * FEW; t < end; t++)
            unpack_row(model_.embedding, step.token[t], job.x + static_cast<size_t>(t) * model_.dim);
    };
    if (!walk.phase(static_cast<uint32_t>(ceiling(step.tokens, FEW)), embed)) return;
    for (int index = 0; index < model_.layers; index++)
        if (!layer(walk, job, index, own)) return;
    if (step.rows == 0) return;

    auto normal = [&](uint32_t chunk) {
        auto r = static_cast<int32_t>(chunk);
        const float* x = job.x + static_cast<size_t>(step.row[r]) * model_.dim;
        float* row = step.hidden == nullptr ? own.row : step.hidden + static_cast<size_t>(r) * model_.dim;
        kernels_.normalise(x, model_.norm, model_.dim, model_.epsilon, row);
        job.last.write(kernels_, row, model_.dim, r);
    };
    if (!walk.phase(static_cast<uint32_t>(step.rows), normal)) return;
    if (job.logits == nullptr) return;
    const Matrix& w = model_.vocabulary;
    Chunks chunks(w.rows / OUTPUTS, step.rows, threads() * 4, 64);
    const auto besides = static_cast<uint32_t>(step.besides);
    auto head = [&](uint32_t chunk) {
        if (chunk < besides) return step.beside(static_cast<int32_t>(chunk));
        chunk -= besides;
        int32_t last = std::min(chunks.last(chunk), model_.vocab / OUTPUTS), first = std::min(chunks.first(chunk), last);
        int32_t row = chunks.row(chunk), height = chunks.height(chunk);
        float* y = job.logits + static_cast<size_t>(row) * model_.vocab + static_cast<size_t>(first) * OUTPUTS;
        kernels_.product(w, first, last, job.last.rows(), row, height, y, static_cast<size_t>(model_.vocab));
        if (chunks.last(chunk) > last) {  // the last block is padded: what it has of the vocabulary goes there by way of a tile
            kernels_.product(w, last, last + 1, job.last.rows(), row, height, own.tile, OUTPUTS);
            for (int32_t r = 0; r < height; r++)
                std::memcpy(job.logits + static_cast<size_t>(row + r) * model_.vocab + static_cast<size_t>(last) * OUTPUTS,
                            own.tile + static_cast<size_t>(r) * OUTPUTS, static_cast<size_t>(model_.vocab % OUTPUTS) * 4);
        }
    };
    if (!walk.phase(besides + chunks.count(), head)) return;
    if (step.draw == nullptr) return;
    auto draw = [&](uint32_t r) {
        own.sampler.draw(kernels_, job.logits + static_cast<size_t>(r) * model_.vocab, step.draw[r], *step.drawn,
                         static_cast<int32_t>(r));
    };
    walk.phase(static_cast<uint32_t>(step.rows), draw);
}

}  // namespace alize
