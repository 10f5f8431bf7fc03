// Whole steps of a tiny model, by two threads: a prompt beside another, a token of each, logits and what is drawn from them.
#include "core.h"
#include "packed.h"
#include "parts.h"

using namespace alize;

namespace {

constexpr int32_t DIM = 256, HEADS = 8, KV_HEADS = 2, HEAD = 32, MLP = 512, VOCAB = 203, LAYERS = 3, CONTEXT = 64, EXPERTS = 6;
constexpr int32_t BLOCKS = 2 * CONTEXT / PAGE;

// Of every format something; feed-forwards, or experts.
struct Tiny {
    std::vector<Packed> kept;
    std::vector<std::vector<float>> vectors;
    std::vector<std::vector<FeedForward>> stacks;
    std::vector<Layer> layers;
    Model model{};

    Tiny(Numbers& numbers, bool routed) {
        auto matrix = [&](Format format, int32_t rows, int32_t columns) {
            kept.push_back(packed(numbers, format, rows, columns, false, format == Format::Q8_0 ? 0.002f : 0.02f));
            return kept.back().matrix;
        };
        auto vector = [&](std::vector<float> made) {
            vectors.push_back(std::move(made));
            return vectors.back().data();
        };
        auto norm = [&](int32_t columns) {
            std::vector<float> made = numbers.some(static_cast<size_t>(columns), 0.2f);
            for (float& each : made) each += 1.0f;
            return vector(std::move(made));
        };
        std::vector<float> speed(HEAD / 2, 1.0f), cosines(CONTEXT * HEAD / 2), sines(CONTEXT * HEAD / 2);
        for (size_t i = 1; i < speed.size(); i++) speed[i] = speed[i - 1] * 0.6f;
        alize_turns(speed.data(), HEAD / 2, CONTEXT, 1.0f, cosines.data(), sines.data());
        const float *c = vector(cosines), *s = vector(sines);
        constexpr int32_t kv = KV_HEADS * HEAD;
        for (int32_t index = 0; index < LAYERS; index++) {
            auto format = [&](int32_t i) { return FORMATS[static_cast<size_t>(index * 4 + i) % 10]; };
            auto fed = [&]() {
                return FeedForward{matrix(format(3), MLP, DIM), matrix(format(4), MLP, DIM), matrix(format(5), DIM, MLP)};
            };
            Layer layer{};
            layer.attention_norm = norm(DIM);
            layer.mlp_norm = norm(DIM);
            layer.qkv[0] = matrix(format(0), DIM, DIM);
            layer.qkv[1] = matrix(format(1), kv, DIM);
            layer.qkv[2] = matrix(format(2), kv, DIM);
            if (index == 1) layer.query_norm = norm(HEAD), layer.key_norm = norm(HEAD);
            layer.out = matrix(format(6), DIM, DIM);
            if (routed) {
                layer.router = vector(numbers.some(static_cast<size_t>(OUTPUTS * DIM), 0.1f));
                for (stacks.emplace_back(); stacks.back().size() < EXPERTS;) stacks.back().push_back(fed());
                layer.experts = stacks.back().data();
            } else {
                layer.mlp = fed();
            }
            layer.cosines = c;
            layer.sines = s;
            layer.window = index == 2 ? 20 : 0;
            layers.push_back(layer);
        }
        model = {DIM, HEADS, KV_HEADS, HEAD, routed ? 0 : MLP, VOCAB, LAYERS, routed ? EXPERTS : 0, routed ? 2 : 0, routed ? MLP : 0,
                 1e-5f, 0.17f, 1.0f, matrix(Format::Q8_0, VOCAB, DIM), matrix(Format::Q6_K, VOCAB, DIM), norm(DIM), layers.data()};
    }
};

struct Request {
    std::vector<int32_t> tokens;
    int32_t done = 0;
};

// What of each request is not computed yet; the last row of each.
void step(Session* session, std::vector<Request>& requests, Outputs& out) {
    std::vector<int32_t> token, position, length, row, table(static_cast<size_t>(BLOCKS));
    for (int32_t b = 0; b < BLOCKS; b++) table[static_cast<size_t>(b)] = BLOCKS - 1 - b;
    for (Request& request : requests) {
        length.push_back(static_cast<int32_t>(request.tokens.size()) - request.done);
        for (; request.done < static_cast<int32_t>(request.tokens.size()); request.done++) {
            token.push_back(request.tokens[static_cast<size_t>(request.done)]);
            position.push_back(request.done);
        }
        row.push_back(static_cast<int32_t>(token.size()) - 1);
    }
    const auto rows = static_cast<int32_t>(requests.size());
    const int32_t* tables[] = {table.data()};
    const int32_t width = CONTEXT / PAGE;
    std::vector<float> hidden(static_cast<size_t>(rows * DIM)), logits(static_cast<size_t>(rows * VOCAB));
    std::vector<Draw> draws(requests.size());
    for (size_t i = 0; i < draws.size(); i++) draws[i].seed = i, draws[i].temperature = 0.8, draws[i].top_p = 0.9;
    std::vector<int32_t> drawn(requests.size());
    const Drawn into{drawn.data(), nullptr, nullptr, nullptr, 0};
    const Step asked{static_cast<int32_t>(token.size()), rows, token.data(), position.data(), length.data(), tables, &width, row.data(), rows,
                     nullptr, 0, hidden.data(), logits.data(), draws.data(), &into, nullptr, 0};
    alize_run(session, &asked);
    out.add("hidden rows of a step", hidden);
    out.add("logits of a step", logits);
    out.add("tokens of a step", drawn);
    for (size_t i = 0; i < requests.size(); i++) requests[i].tokens.push_back(drawn[i] < 0 ? 0 : drawn[i]);
}

}  // namespace

void steps(const Kernels& kernels, Outputs& out) {
    Numbers numbers(5);
    for (bool routed : {false, true}) {
        const Tiny tiny(numbers, routed);
        const Kept kept = routed ? Kept::INT8 : Kept::BFLOAT16;
        const size_t block = bytes_of_keys(kept, HEAD) * KV_HEADS;  // of values, too, which take less
        std::vector<std::vector<uint8_t>> memory(static_cast<size_t>(2 * LAYERS), std::vector<uint8_t>(block * BLOCKS));
        std::vector<Cache> caches;
        for (size_t i = 0; i < LAYERS; i++) caches.push_back({memory[2 * i].data(), memory[2 * i + 1].data(), block, kept});
        Session* session = alize_open(&tiny.model, &kernels, 2);
        alize_give_cache(session, caches.data(), LAYERS);
        std::vector<Request> requests(2);
        for (size_t i = 0; i < requests.size(); i++)
            while (requests[i].tokens.size() < 3 + 25 * i) requests[i].tokens.push_back(numbers.below(VOCAB));
        for (int again = 0; again < 4; again++) step(session, requests, out);
        alize_close(session);
    }
}
