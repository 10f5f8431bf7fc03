// Products: every format × numbers of rows that fill tiles and do not × shapes of which the last tile is smaller × rows of every kind.
#include "core.h"
#include "packed.h"
#include "parts.h"

using namespace alize;

namespace {

constexpr int32_t MOST = 44;  // rows that there are: each kind four times

// Rows as a kernel quantises them.
struct Quantised {
    int32_t columns, blocks, marks_stride;
    std::vector<float> numbers;
    Aligned<int8_t> integers;
    std::vector<float> scales, sums, halves, apart;
    std::vector<uint8_t> marks;

    Quantised(const Kernels& kernels, std::vector<float> x, int32_t width)
        : columns(width), blocks(width / BLOCK), marks_stride((blocks + 7) / 8 * 8), numbers(std::move(x)),
          integers(static_cast<size_t>(MOST) * (width + 64)) {
        const auto places = static_cast<size_t>(MOST * blocks);
        scales.resize(places), sums.resize(places), apart.resize(places), halves.resize(2 * places);
        marks.resize(static_cast<size_t>(MOST * marks_stride));
        for (int32_t r = 0; r < MOST; r++)
            kernels.quantise(numbers.data() + r * columns, columns, integers.data() + r * (columns + 64), scales.data() + r * blocks,
                             sums.data() + r * blocks, halves.data() + 2 * r * blocks, marks.data() + r * marks_stride, apart.data() + r * blocks);
    }
    Rows rows() const {
        return {integers.data(), scales.data(), sums.data(), halves.data(), marks.data(), apart.data(), numbers.data(), columns + 64, blocks,
                blocks, marks_stride, columns};
    }
};

void one_matrix(const Kernels& kernels, Outputs& out, const Packed& w, int32_t outputs, const Quantised& x, const std::string& name) {
    const int32_t blocks = w.matrix.rows / OUTPUTS;
    for (int32_t count : {1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 17, 33}) {
        const size_t stride = static_cast<size_t>(w.matrix.rows) + 5;  // wider than what is written, so that more would be seen
        std::vector<float> y(stride * static_cast<size_t>(count), 7.0f);
        kernels.product(w.matrix, 0, blocks, x.rows(), count * 5 % EVERY, count, y.data(), stride);
        out.add(name + ", " + std::to_string(outputs) + " outputs, " + std::to_string(x.columns) + " columns, " + std::to_string(count) + " rows", y);
    }
    if (blocks < 2) return;
    std::vector<float> some(static_cast<size_t>(w.matrix.rows), 7.0f);
    kernels.product(w.matrix, 1, blocks, x.rows(), 0, 1, some.data(), some.size());
    out.add(name + ", from the second block on", some);
}

}  // namespace

void products(const Kernels& kernels, Outputs& out) {
    struct Shape {
        int32_t outputs, columns;
    };
    Numbers numbers(1);
    for (Format format : FORMATS)
        for (Shape shape : {Shape{3, 32}, Shape{90, 96}, Shape{16, 288}, Shape{21, 256}, Shape{80, 512}}) {
            if (has_factors(format) && shape.columns % 256 != 0) continue;
            const Quantised x(kernels, rows_of_every_kind(numbers, MOST, shape.columns), shape.columns);
            out.add("integers", x.integers.data(), x.integers.size());
            out.add("marks", x.marks);
            for (const auto* each : {&x.scales, &x.sums, &x.halves, &x.apart}) out.add("scales, sums, sums of halves, what stands apart", *each);
            for (bool extreme : {false, true}) {
                if (extreme && (is_float(format) || shape.columns == 512)) continue;
                const Packed w = packed(numbers, format, shape.outputs, shape.columns, extreme);
                const std::string name = std::string(name_of(format)) + (extreme ? ", smallest and largest" : "");
                out.add(name + ", packed", w.values.data(), w.values.size());
                std::vector<float> row(static_cast<size_t>(shape.columns));
                alize_unpack_row(&w.matrix, shape.outputs - 1, row.data());
                out.add(name + ", looked up", row);
                one_matrix(kernels, out, w, shape.outputs, x, name);
            }
        }
}
