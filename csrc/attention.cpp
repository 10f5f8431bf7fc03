// Queries, keys and values of a token, and what it makes of those before it.
#include <cstring>

#include "job.h"

namespace alize {

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
            const float* norm = kind == 0 ? layer.query_norm : layer.key_norm;
            if (norm != nullptr) kernels_.normalise(y, norm, m.head, m.epsilon, y);
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
        const size_t page = static_cast<size_t>(block) * cache.stride, before = static_cast<size_t>(kv);
        if (is_value)
            kernels_.remember_value(cache.kept, y, m.head, cache.values + page + before * bytes_of_values(cache.kept, m.head), position % PAGE);
        else
            kernels_.remember_key(cache.kept, y, m.head, cache.keys + page + before * bytes_of_keys(cache.kept, m.head), position % PAGE);
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
    const auto before = static_cast<size_t>(item.kv_head);
    kernels_.attend({own.queries, own.weighed, positions, item.tokens * item.heads, m.head, layer.window,
                     step.table[layer.table] + static_cast<size_t>(item.sequence) * step.width[layer.table],
                     cache.kept, cache.keys + before * bytes_of_keys(cache.kept, m.head),
                     cache.values + before * bytes_of_values(cache.kept, m.head), cache.stride});
    for (int32_t t = 0; t < item.tokens; t++)
        for (int32_t h = 0; h < item.heads; h++) {
            const float* weighed = own.weighed + static_cast<size_t>(t * item.heads + h) * m.head;
            job.attended.write(kernels_, weighed, m.head, item.token + t, (item.head + h) * m.head);
        }
}

}  // namespace alize
