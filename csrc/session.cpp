#include "session.h"

#include <algorithm>
#include <cstring>

#include "pack.h"

namespace alize {

namespace {

constexpr int FEW = 4;        // rows that each member rather quantises for itself than waits for
constexpr int ROW_TILE = 64;  // rows of a chunk where there are many: their integers stay in a core's own cache

int32_t ceiling(int32_t a, int32_t b) { return (a + b - 1) / b; }

// Units of outputs × rows, cut into chunks.
struct Chunks {
    int32_t units, per, tiles, rows;
    Chunks(int32_t units, int32_t rows, int threads, int32_t most) : units(units), rows(rows) {
        tiles = ceiling(rows, ROW_TILE);
        per = std::clamp(ceiling(units, 4 * threads), 1, most);
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

}  // namespace

struct Session::Scratch {
    Buffer memory;
    Integers few{};           // FEW normalised rows
    float* row = nullptr;     // one row of the widest
    float* tile = nullptr;    // [ROW_TILE][outputs of a chunk]
    float* queries = nullptr;
    float* weighed = nullptr;
};

struct Session::Job {
    Step step{};
    float *x = nullptr, *queries = nullptr, *logits = nullptr;
    Integers normal{}, attended{}, gated{}, last{};
    std::vector<int32_t> sequence_of;
    std::vector<Item> items;
    std::vector<int32_t> adapted;      // tokens that have an adapter
    std::vector<int32_t> adapted_as;   // which of these each token is, -1 for none; empty where none has one
    float* narrow = nullptr;           // [adapted][widest rank]: A x of the product that is next
};

namespace {
constexpr int32_t TILE_OUTPUTS = 256;
// A thread that is so many steps late may read a job that is being made anew. It claims nothing of it, since that step is over.
constexpr uint32_t JOBS = 64;

bool multiplies_floats(const Model& model) {
    auto some = [](const Layer& layer) {
        for (const Matrix* w : {&layer.qkv[0], &layer.qkv[1], &layer.qkv[2], &layer.out, &layer.gate_up, &layer.up, &layer.down})
            if (w->rows != 0 && is_float(w->format)) return true;
        return false;
    };
    return is_float(model.vocabulary.format) || std::any_of(model.layer, model.layer + model.layers, some);
}
}  // namespace

Session::Session(const Model& model, const Kernels& kernels, int threads)
    : model_(model), layers_(model.layer, model.layer + model.layers), floats_(multiplies_floats(model)), kernels_(kernels) {
    for (uint32_t i = 0; i < JOBS; i++) jobs_.push_back(std::make_unique<Job>());
    int32_t widest = std::max({model.dim, model.mlp, model.heads * model.head});
    for (int i = 0; i < threads; i++) {
        auto own = std::make_unique<Scratch>();
        for (bool real : {false, true}) {
            Cutter cut(real ? own->memory.as<void>() : nullptr);
            own->few = cut.integers(FEW, model.dim, floats_);
            own->row = cut.take<float>(static_cast<size_t>(widest));
            own->tile = cut.take<float>(static_cast<size_t>(ROW_TILE) * TILE_OUTPUTS);
            own->queries = cut.take<float>(static_cast<size_t>(ATTENTION_ROWS) * model.head);
            own->weighed = cut.take<float>(static_cast<size_t>(ATTENTION_ROWS) * model.head);
            if (!real) own->memory.at_least(cut.used());
        }
        scratch_.push_back(std::move(own));
    }
    crew_ = std::make_unique<Crew>(threads, [this](int member, uint32_t number) { walk(member, number); });
}

Session::~Session() = default;

void Session::run(const Step& step) {
    Job& job = *jobs_[crew_->next() % JOBS];
    job.step = step;
    prepare(job);
    crew_->run();
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
        job.last = cut.integers(step.rows, m.dim, floats_);
        job.logits = step.logits;
        if (step.logits == nullptr && step.best != nullptr) job.logits = cut.take<float>(static_cast<size_t>(step.rows) * m.vocab);
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
    Crew::Walk walk(*crew_, number);
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
    auto head = [&](uint32_t chunk) {
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
    if (!walk.phase(chunks.count(), head)) return;
    if (step.best == nullptr) return;
    auto best = [&](uint32_t chunk) {
        step.best[chunk] = kernels_.largest(job.logits + static_cast<size_t>(chunk) * model_.vocab, model_.vocab);
    };
    walk.phase(static_cast<uint32_t>(step.rows), best);
}

bool Session::layer(Crew::Walk& walk, const Job& job, int index, Scratch& own) {
    const Model& m = model_;
    const Layer& layer = layers_[static_cast<size_t>(index)];
    const int32_t tokens = job.step.tokens;
    const bool few = tokens <= FEW;

    // Rows of x, normalised and quantised: by each member for itself, or by all for all in a phase of its own.
    auto rows = [&](const float* weight, const Integers& into, int32_t from, int32_t to) {
        for (int32_t t = from; t < to; t++) {
            kernels_.normalise(job.x + static_cast<size_t>(t) * m.dim, weight, m.dim, m.epsilon, own.row);
            into.write(kernels_, own.row, m.dim, t);
        }
    };
    auto shared = [&](const float* weight) {
        auto work = [&](uint32_t chunk) {
            auto from = static_cast<int32_t>(chunk) * 8;
            rows(weight, job.normal, from, std::min(tokens, from + 8));
        };
        return few || walk.phase(static_cast<uint32_t>(ceiling(tokens, 8)), work);
    };
    const Integers* x = few ? nullptr : &job.normal;
    auto normal = [&](const float* weight) -> const Integers& {
        if (x == nullptr) {
            rows(weight, own.few, 0, tokens);
            x = &own.few;
        }
        return *x;
    };

    // A x of every row that has an adapter on the product that follows.
    auto narrowed = [&](LowRank Adapter::*which, const float* weight, const Integers& from, int32_t columns) {
        auto work = [&](uint32_t chunk) {
            int32_t token = job.adapted[chunk];
            const LowRank& pair = job.step.adapter[job.sequence_of[static_cast<size_t>(token)]][index].*which;
            const Integers& integers = weight == nullptr ? from : normal(weight);
            if (pair.a != nullptr)
                kernels_.narrow(integers.rows(), token, pair.a, pair.rank, columns, own.row,
                                job.narrow + chunk * static_cast<size_t>(job.step.widest_rank));
        };
        return job.adapted.empty() || walk.phase(static_cast<uint32_t>(job.adapted.size()), work);
    };

    if (!shared(layer.attention_norm)) return false;
    if (!narrowed(&Adapter::qkv, layer.attention_norm, job.normal, m.dim)) return false;
    Chunks heads(m.heads + 2 * m.kv_heads, tokens, threads(), 1);
    auto query = [&](uint32_t chunk) {
        const Integers& integers = normal(layer.attention_norm);
        for (int32_t head = heads.first(chunk); head < heads.last(chunk); head++)
            project(job, layer, index, integers, head, heads.row(chunk), heads.row(chunk) + heads.height(chunk), own);
    };
    if (!walk.phase(heads.count(), query)) return false;

    auto weigh = [&](uint32_t item) { attend(job, layer, index, static_cast<int32_t>(item), own); };
    if (!walk.phase(static_cast<uint32_t>(job.items.size()), weigh)) return false;

    auto add = [&](const Matrix& w, LowRank Adapter::*which, const Integers& from, const Chunks& chunks, uint32_t chunk) {
        int32_t first = chunks.first(chunk), last = chunks.last(chunk), row = chunks.row(chunk), height = chunks.height(chunk);
        int32_t outputs = (last - first) * OUTPUTS;
        kernels_.product(w, first, last, from.rows(), row, height, own.tile, static_cast<size_t>(outputs));
        widen(job, index, which, first, last, row, height, own.tile, static_cast<size_t>(outputs));
        for (int32_t r = 0; r < height; r++)
            kernels_.add(job.x + static_cast<size_t>(row + r) * m.dim + static_cast<size_t>(first) * OUTPUTS,
                         own.tile + static_cast<size_t>(r) * outputs, outputs);
    };
    if (!narrowed(&Adapter::out, nullptr, job.attended, m.heads * m.head)) return false;
    Chunks out(m.dim / OUTPUTS, tokens, threads(), TILE_OUTPUTS / OUTPUTS);
    if (!walk.phase(out.count(), [&](uint32_t chunk) { add(layer.out, &Adapter::out, job.attended, out, chunk); })) return false;

    if (few) x = nullptr;
    if (!shared(layer.mlp_norm)) return false;
    if (!narrowed(&Adapter::gate_up, layer.mlp_norm, job.normal, m.dim)) return false;
    Chunks gates(ceiling(m.mlp, BLOCK), tokens, threads(), 1);
    auto gate = [&](uint32_t chunk) {
        const Integers& integers = normal(layer.mlp_norm);
        int32_t row = gates.row(chunk), height = gates.height(chunk);
        int32_t first = gates.first(chunk) * BLOCK, width = std::min(BLOCK, m.mlp - first);
        if (layer.up.rows == 0)
            kernels_.product(layer.gate_up, first / 8, (first + width) / 8, integers.rows(), row, height, own.tile, 2 * BLOCK);
        for (int32_t k = 0; layer.up.rows != 0 && k < width; k += OUTPUTS) {
            const int32_t n = (first + k) / OUTPUTS;
            kernels_.product(layer.gate_up, n, n + 1, integers.rows(), row, height, own.tile + 2 * k, 2 * BLOCK);
            kernels_.product(layer.up, n, n + 1, integers.rows(), row, height, own.tile + 2 * k + OUTPUTS, 2 * BLOCK);
        }
        widen(job, index, &Adapter::gate_up, first / 8, (first + width) / 8, row, height, own.tile, 2 * BLOCK);
        for (int32_t r = 0; r < height; r++) {
            float product[BLOCK];
            kernels_.gate(own.tile + static_cast<size_t>(r) * 2 * BLOCK, width, product);
            job.gated.write(kernels_, product, width, row + r, first);
        }
    };
    if (!walk.phase(gates.count(), gate)) return false;

    if (!narrowed(&Adapter::down, nullptr, job.gated, m.mlp)) return false;
    Chunks down(m.dim / OUTPUTS, tokens, threads(), TILE_OUTPUTS / OUTPUTS);
    return walk.phase(down.count(), [&](uint32_t chunk) { add(layer.down, &Adapter::down, job.gated, down, chunk); });
}

// What adapters add to outputs 16 · first … 16 · last of a tile of rows.
void Session::widen(const Job& job, int index, LowRank Adapter::*which, int32_t first, int32_t last, int32_t row, int32_t height, float* y,
                    size_t stride) {
    if (job.adapted.empty()) return;
    for (int32_t r = 0; r < height; r++) {
        const int32_t as = job.adapted_as[static_cast<size_t>(row + r)];
        if (as < 0) continue;
        const LowRank& pair = job.step.adapter[job.sequence_of[static_cast<size_t>(row + r)]][index].*which;
        if (pair.a == nullptr) continue;
        const float* narrow = job.narrow + static_cast<size_t>(as) * job.step.widest_rank;
        for (int32_t n = first; n < last; n++)
            kernels_.widen(narrow + pair.first[n], pair.b + static_cast<size_t>(n) * pair.width * OUTPUTS, pair.width,
                           y + static_cast<size_t>(r) * stride + static_cast<size_t>(n - first) * OUTPUTS);
    }
}

void Session::project(const Job& job, const Layer& layer, int index, const Integers& x, int32_t head, int32_t first, int32_t last,
                      Scratch& own) {
    const Model& m = model_;
    const Step& step = job.step;
    const int32_t blocks = m.head / OUTPUTS;
    const int32_t kind = head < m.heads ? 0 : head < m.heads + m.kv_heads ? 1 : 2;
    const int32_t from = (kind == 0 ? head : (head - m.heads) % m.kv_heads) * blocks;
    kernels_.product(layer.qkv[kind], from, from + blocks, x.rows(), first, last - first, own.tile, static_cast<size_t>(m.head));
    widen(job, index, &Adapter::qkv, head * blocks, (head + 1) * blocks, first, last - first, own.tile, static_cast<size_t>(m.head));
    const Cache& cache = caches_[static_cast<size_t>(index)];
    const int32_t kv = (head - m.heads) % m.kv_heads;
    for (int32_t t = first; t < last; t++) {
        float* y = own.tile + static_cast<size_t>(t - first) * m.head;
        const int32_t position = step.position[t];
        const bool is_value = kind == 2;
        if (!is_value) {
            size_t angle = static_cast<size_t>(position) * (m.head / 2);
            kernels_.rotate(y, layer.cosines + angle, layer.sines + angle, m.head);
        }
        if (head < m.heads) {
            float* query = job.queries + (static_cast<size_t>(t) * m.heads + head) * m.head;
            for (int32_t d = 0; d < m.head; d++) query[d] = y[d] * m.query_scale;
            continue;
        }
        int32_t sequence = job.sequence_of[static_cast<size_t>(t)];
        int32_t block = step.table[layer.table][static_cast<size_t>(sequence) * step.width[layer.table] + position / PAGE];
        size_t page = (static_cast<size_t>(block) * m.kv_heads + kv) * m.head * PAGE;
        if (is_value)
            kernels_.remember_value(y, m.head, cache.values + page, position % PAGE);
        else
            kernels_.remember_key(y, m.head, cache.keys + page, position % PAGE);
    }
}

void Session::attend(const Job& job, const Layer& layer, int index, int32_t number, Scratch& own) {
    const Model& m = model_;
    const Step& step = job.step;
    const Item& item = job.items[static_cast<size_t>(number)];
    const Cache& cache = caches_[static_cast<size_t>(index)];
    int32_t positions[ATTENTION_ROWS];
    const size_t bytes = static_cast<size_t>(m.head) * sizeof(float);
    for (int32_t t = 0; t < item.tokens; t++)
        for (int32_t h = 0; h < item.heads; h++) {
            int32_t row = t * item.heads + h;
            positions[row] = step.position[item.token + t];
            std::memcpy(own.queries + static_cast<size_t>(row) * m.head,
                        job.queries + (static_cast<size_t>(item.token + t) * m.heads + item.head + h) * m.head, bytes);
        }
    const size_t page = static_cast<size_t>(m.head) * PAGE;
    kernels_.attend({own.queries, own.weighed, positions, item.tokens * item.heads, m.head, layer.window,
                     step.table[layer.table] + static_cast<size_t>(item.sequence) * step.width[layer.table],
                     cache.keys + page * item.kv_head, cache.values + page * item.kv_head, page * m.kv_heads});
    for (int32_t t = 0; t < item.tokens; t++)
        for (int32_t h = 0; h < item.heads; h++) {
            const float* weighed = own.weighed + static_cast<size_t>(t * item.heads + h) * m.head;
            job.attended.write(kernels_, weighed, m.head, item.token + t, (item.head + h) * m.head);
        }
}

}  // namespace alize
