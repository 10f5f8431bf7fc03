// Kernels of floats: norms, gates, turns, sums, adapters, and what goes into the cache.
#include <utility>

#include "packed.h"
#include "parts.h"

using namespace alize;

namespace {

constexpr int32_t COLUMNS = 96;  // of 16 and of 32 a multiple

void one_row(const Kernels& kernels, Outputs& out, Numbers& numbers, int kind) {
    const std::string name = " of a row of kind " + std::to_string(kind);
    std::vector<float> x(2 * COLUMNS), y(COLUMNS), some = numbers.some(COLUMNS);
    fill(numbers, kind, x.data(), 2 * COLUMNS);
    kernels.normalise(x.data(), some.data(), COLUMNS, 1e-5f, y.data());
    out.add("norm" + name, y);
    kernels.gate(x.data(), COLUMNS, y.data());
    out.add("gate" + name, y);
    y = some;
    kernels.add(y.data(), x.data(), COLUMNS);
    out.add("sum" + name, y);
    for (int32_t width : {32, 64, 96}) {
        std::vector<float> head(x.begin(), x.begin() + width), cosines = numbers.some(COLUMNS), sines = numbers.some(COLUMNS);
        kernels.rotate(head.data(), cosines.data(), sines.data(), width);
        out.add("turn" + name, head);
        for (Kept kept : {Kept::BFLOAT16, Kept::INT8}) {
            std::vector<uint16_t> keys(bytes_of_keys(kept, width) / 2, 1), values(bytes_of_values(kept, width) / 2, 1);
            kernels.remember_key(kept, x.data(), width, reinterpret_cast<uint8_t*>(keys.data()), 5);
            kernels.remember_value(kept, x.data() + width, width, reinterpret_cast<uint8_t*>(values.data()), 15);
            const int32_t scales_of_keys = width / KEY_PART * PAGE;
            for (auto [page, scales] : {std::pair{&keys, scales_of_keys}, std::pair{&values, PAGE}}) {
                if (kept == Kept::BFLOAT16) {
                    out.add_bfloat16("page" + name, *page);
                    continue;
                }
                const auto* bytes = reinterpret_cast<const uint8_t*>(page->data());
                out.add("page of bytes" + name, bytes, static_cast<size_t>(width) * PAGE);
                out.add("scales of a page" + name, reinterpret_cast<const float*>(bytes + width * PAGE), scales);
            }
        }
    }
}

void one_adapter(const Kernels& kernels, Outputs& out, Numbers& numbers, int kind, bool of_numbers) {
    constexpr int32_t RANK = 5;
    std::vector<float> x(COLUMNS), scales(3), sums(3), halves(6), apart(3), room(COLUMNS), narrow(RANK);
    std::vector<int8_t> integers(COLUMNS);
    std::vector<uint8_t> marks(8);
    fill(numbers, kind, x.data(), COLUMNS);
    kernels.quantise(x.data(), COLUMNS, integers.data(), scales.data(), sums.data(), halves.data(), marks.data(), apart.data());
    const Rows rows{integers.data(), scales.data(), sums.data(), halves.data(), marks.data(), apart.data(), of_numbers ? x.data() : nullptr,
                    COLUMNS, 3, 3, 8, COLUMNS};
    const std::vector<float> a = numbers.some(RANK * COLUMNS), b = numbers.some(RANK * OUTPUTS);
    kernels.narrow(rows, 0, a.data(), RANK, COLUMNS, room.data(), narrow.data());
    std::vector<float> y = numbers.some(OUTPUTS);
    kernels.widen(narrow.data(), b.data(), RANK, y.data());
    out.add("adapter, narrow, of a row of kind " + std::to_string(kind), narrow);
    out.add("adapter, wide, of a row of kind " + std::to_string(kind), y);
}

}  // namespace

void floats(const Kernels& kernels, Outputs& out) {
    Numbers numbers(2);
    for (int again = 0; again < 8; again++)
        for (int kind = 0; kind < EVERY; kind++) {
            one_row(kernels, out, numbers, kind);
            one_adapter(kernels, out, numbers, kind, again % 2 == 0);
        }
}
