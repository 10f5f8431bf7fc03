// Attention: every width of heads × ways to keep keys and values × numbers of queries × contexts around the borders of pages and spans × windows.
#include "packed.h"
#include "parts.h"

using namespace alize;

namespace {

constexpr int32_t CONTEXT = 208;

struct Pages {
    Kept kept;
    size_t page;  // bytes
    std::vector<uint8_t> keys, values;
    std::vector<int32_t> table;
};

// Keys and values of CONTEXT tokens, in pages that lie in no order.
Pages pages_of(const Kernels& kernels, Numbers& numbers, Kept kept, int32_t width, int kind) {
    constexpr int32_t PAGES = CONTEXT / PAGE;
    const size_t page = bytes_of_keys(kept, width);  // of values, too, which take less
    Pages made{kept, page, std::vector<uint8_t>(page * PAGES), std::vector<uint8_t>(page * PAGES), {}};
    for (int32_t p = 0; p < PAGES; p++) made.table.push_back(p * 5 % PAGES);
    std::vector<float> row(static_cast<size_t>(width));
    for (int32_t t = 0; t < CONTEXT; t++) {
        const size_t at = page * static_cast<size_t>(made.table[static_cast<size_t>(t / PAGE)]);
        fill(numbers, t % 7 == 3 ? kind : ORDINARY, row.data(), width);
        kernels.remember_key(kept, row.data(), width, made.keys.data() + at, t % PAGE);
        fill(numbers, t % 5 == 3 ? kind : ORDINARY, row.data(), width);
        kernels.remember_value(kept, row.data(), width, made.values.data() + at, t % PAGE);
    }
    return made;
}

void one(const Kernels& kernels, Outputs& out, const Pages& pages, const std::vector<float>& queries, int32_t width, int32_t rows, int32_t newest,
         int32_t window) {
    int32_t positions[ATTENTION_ROWS];
    for (int32_t r = 0; r < rows; r++) positions[r] = newest - (rows - 1 - r) / 2 < 0 ? 0 : newest - (rows - 1 - r) / 2;  // two of each token
    std::vector<float> y(static_cast<size_t>(rows * width));
    kernels.attend({queries.data(), y.data(), positions, rows, width, window, pages.table.data(), pages.kept, pages.keys.data(),
                    pages.values.data(), pages.page});
    out.add("attention of " + std::to_string(rows) + " queries, " + std::to_string(width) + " wide, up to position " + std::to_string(newest) +
                ", window " + std::to_string(window),
            y);
}

}  // namespace

static void attention_over(const Kernels& kernels, Outputs& out, Kept kept) {
    Numbers numbers(3);
    for (int32_t width : {32, 64, 96, 128})
        for (int kind : {ORDINARY, ZEROS, APART, WIDE, VAST}) {  // what is no number, or infinite, is never kept unless its row is spoilt already
            const Pages pages = pages_of(kernels, numbers, kept, width, kind);
            const std::vector<float> queries = rows_of_every_kind(numbers, EVERY + ATTENTION_ROWS, width);
            for (int32_t newest : {0, 15, 16, 62, 63, 64, 127, 130, CONTEXT - 1}) {
                const int32_t rows = 1 + numbers.below(ATTENTION_ROWS), first = numbers.below(EVERY), window = newest % 2 == 0 ? 0 : 20;
                const std::vector<float> some(queries.begin() + first * width, queries.end());
                one(kernels, out, pages, some, width, rows, newest, window);
            }
        }
}

void attention(const Kernels& kernels, Outputs& out) {
    attention_over(kernels, out, Kept::BFLOAT16);
    attention_over(kernels, out, Kept::INT8);
}
