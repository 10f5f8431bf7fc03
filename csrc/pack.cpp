#include "pack.h"

#include <algorithm>
#include <cstring>
#include <system_error>
#include <thread>
#include <vector>

#include "blocks.h"
#include "contract.h"

namespace alize {

namespace {

float half(uint16_t bits) {
    uint32_t exponent = bits >> 10 & 31, fraction = bits & 1023;
    float x = static_cast<float>(fraction) * 0x1p-24f;
    if (exponent != 0) {
        uint32_t wide = (exponent == 31 ? 255u : exponent + 112) << 23 | fraction << 13;
        std::memcpy(&x, &wide, 4);
    }
    return bits & 0x8000 ? -x : x;
}

uint32_t four_bytes(const uint8_t* from) {
    uint32_t four;
    std::memcpy(&four, from, 4);
    return four;
}

// Lines of one row in a group, as formats.h draws them, four columns at once. `lines`: its bytes of the first one.
template <Format F>
void write_lines(const uint8_t* integers, uint8_t* lines) {
    if (F == Format::Q8_0) {
        for (int i = 0; i < 8; i++) std::memcpy(lines + i * 64, integers + i * 4, 4);
        return;
    }
    for (int j = 0; j < 4; j++) {
        const uint32_t both = (four_bytes(integers + j * 8) & 0x0f0f0f0f) | (four_bytes(integers + j * 8 + 4) & 0x0f0f0f0f) << 4;
        std::memcpy(lines + j * 64, &both, 4);
    }
    constexpr int upper = upper_bits(F), fours = upper == 0 ? 0 : 8 / upper;  // of columns, whose upper bits a line holds
    for (int line = 0; line < upper; line++) {
        uint32_t bits = 0;
        for (int i = 0; i < fours; i++) bits |= (four_bytes(integers + (line * fours + i) * 4) & 0xf0f0f0f0) >> 4 << i * upper;
        std::memcpy(lines + (4 + line) * 64, &bits, 4);
    }
}

uint8_t read_line(Format format, const uint8_t* lines, int k) {
    const int four = k / 4, column = k % 4, upper = upper_bits(format);
    if (format == Format::Q8_0) return lines[four * 64 + column];
    int number = lines[four / 2 * 64 + column] >> four % 2 * 4 & 15;
    if (upper > 0) number |= (lines[(4 + four * upper / 8) * 64 + column] >> four * upper % 8 & ((1 << upper) - 1)) << 4;
    return static_cast<uint8_t>(number);
}

// Where a row's numbers of a group lie.
struct Place {
    size_t lines, scale, factors;
    Place(const Matrix& w, Format format, int32_t row, int32_t group) {
        const size_t groups = static_cast<size_t>(w.columns / GROUP), share = static_cast<size_t>(groups_of_scale(format));
        const size_t block = static_cast<size_t>(row / OUTPUTS), lane = static_cast<size_t>(row % OUTPUTS), g = static_cast<size_t>(group);
        lines = (block * groups + g) * static_cast<size_t>(bytes_of_group(format)) + lane * 4;
        scale = (block * (groups / share) + g / share) * OUTPUTS + lane;
        factors = (block * groups + g) * 2 * OUTPUTS + lane;
    }
};

}  // namespace

Room room_of(Format format, int64_t rows, int64_t columns) {
    const size_t groups = static_cast<size_t>(rows) * static_cast<size_t>(columns / GROUP);
    const size_t scales = groups / static_cast<size_t>(groups_of_scale(format));
    const size_t values = groups / OUTPUTS * static_cast<size_t>(bytes_of_group(format));
    if (is_float(format)) return {values, 0, 0, 0};
    return {values, scales, has_minimum(format) ? scales : 0,
            has_factors(format) ? groups * 2 : 0};
}

// Weights of sixteen bits, which have neither groups nor scales.
static void pack_floats(const Matrix& w, const uint8_t* rows, const int32_t* source_rows, int32_t first, int32_t last) {
    auto* values = reinterpret_cast<uint16_t*>(const_cast<uint8_t*>(w.values));
    const auto columns = static_cast<size_t>(w.columns);
    for (int32_t n = first; n < last; n++) {
        const uint8_t* row = rows + static_cast<size_t>(source_rows[n]) * columns * 2;
        uint16_t* to = values + static_cast<size_t>(n / OUTPUTS) * columns * OUTPUTS + n % OUTPUTS;
        for (size_t k = 0; k < columns; k++) {
            if (source_rows[n] < 0)
                to[k * OUTPUTS] = 0;
            else
                std::memcpy(to + k * OUTPUTS, row + k * 2, 2);
        }
    }
}

// Rows [first, last) of `w`, of a format with groups.
template <Format F>
static void pack_groups(const Matrix& w, const uint8_t* blocks, const int32_t* source_rows, int32_t first, int32_t last) {
    auto* values = const_cast<uint8_t*>(w.values);
    auto* scales = const_cast<uint16_t*>(w.scales);
    auto* minimums = const_cast<uint16_t*>(w.minimums);
    auto* factors = const_cast<uint8_t*>(w.factors);
    const size_t bytes = bytes_of_row(F, w.columns);
    for (int32_t n = first; n < last; n++)
        for (int32_t g = 0; g < w.columns / GROUP; g++) {
            Group group{};
            if (source_rows[n] >= 0)
                group = read_group<F>(blocks + static_cast<size_t>(source_rows[n]) * bytes, g);
            else
                std::memset(group.integers, offset_of(F), GROUP);
            const Place place(w, F, n, g);
            write_lines<F>(group.integers, values + place.lines);
            scales[place.scale] = group.scale;
            if (has_minimum(F)) minimums[place.scale] = group.minimum;
            for (size_t i = 0; has_factors(F) && i < 2; i++) factors[place.factors + i * OUTPUTS] = group.factors[i];
        }
}

// Rows [first, last) of `w`.
static void pack_rows(const Matrix& w, const uint8_t* blocks, const int32_t* source_rows, int32_t first, int32_t last) {
    switch (w.format) {
        case Format::Q4_0: return pack_groups<Format::Q4_0>(w, blocks, source_rows, first, last);
        case Format::Q4_1: return pack_groups<Format::Q4_1>(w, blocks, source_rows, first, last);
        case Format::Q5_0: return pack_groups<Format::Q5_0>(w, blocks, source_rows, first, last);
        case Format::Q5_1: return pack_groups<Format::Q5_1>(w, blocks, source_rows, first, last);
        case Format::Q8_0: return pack_groups<Format::Q8_0>(w, blocks, source_rows, first, last);
        case Format::Q4_K: return pack_groups<Format::Q4_K>(w, blocks, source_rows, first, last);
        case Format::Q5_K: return pack_groups<Format::Q5_K>(w, blocks, source_rows, first, last);
        case Format::Q6_K: return pack_groups<Format::Q6_K>(w, blocks, source_rows, first, last);
        case Format::F16: case Format::BF16: return pack_floats(w, blocks, source_rows, first, last);
    }
}

namespace {

constexpr int64_t WORTH_A_THREAD = 1 << 19;  // numbers: half a millisecond of packing, ten times what a thread takes to begin

// What one of `threads` does of every matrix: whole output blocks, so that no two threads write one line.
void pack_share(const Packing* packings, int32_t count, int64_t thread, int64_t threads) {
    for (const Packing* each = packings; each < packings + count; each++) {
        const int64_t blocks = (each->matrix->rows + OUTPUTS - 1) / OUTPUTS;
        const auto first = static_cast<int32_t>(blocks * thread / threads * OUTPUTS);
        const auto last = static_cast<int32_t>(std::min<int64_t>(blocks * (thread + 1) / threads * OUTPUTS, each->matrix->rows));
        pack_rows(*each->matrix, each->blocks, each->source_rows, first, last);
    }
}

struct Joined {
    std::vector<std::thread> threads;
    ~Joined() {
        for (std::thread& each : threads) each.join();
    }
};

}  // namespace

void pack(const Packing* packings, int32_t count, int threads) {
    int64_t numbers = 0;
    for (const Packing* each = packings; each < packings + count; each++) numbers += static_cast<int64_t>(each->matrix->rows) * each->matrix->columns;
    const int64_t useful = std::clamp<int64_t>(numbers / WORTH_A_THREAD, 1, std::max(1, threads));
    Joined others;
    others.threads.reserve(static_cast<size_t>(useful));
    int64_t thread = 1;
    try {
        for (; thread < useful; thread++)
            others.threads.emplace_back([=] { pack_share(packings, count, thread, useful); });
    } catch (const std::system_error&) {  // the system gives no more: what is left is packed here
    }
    for (; thread < useful; thread++) pack_share(packings, count, thread, useful);
    pack_share(packings, count, 0, useful);
}

static void unpack_floats(const Matrix& w, int32_t row, float* out) {
    const size_t columns = static_cast<size_t>(w.columns), first = static_cast<size_t>(row / OUTPUTS) * columns * OUTPUTS;
    const uint16_t* values = reinterpret_cast<const uint16_t*>(w.values) + first + row % OUTPUTS;
    for (size_t k = 0; k < columns; k++) {
        if (w.format == Format::F16) {
            out[k] = half(values[k * OUTPUTS]);
            continue;
        }
        const uint32_t bits = static_cast<uint32_t>(values[k * OUTPUTS]) << 16;
        std::memcpy(out + k, &bits, 4);
    }
}

void unpack_row(const Matrix& w, int32_t row, float* out) {
    if (is_float(w.format)) return unpack_floats(w, row, out);
    for (int32_t g = 0; g < w.columns / GROUP; g++) {
        const Place place(w, w.format, row, g);
        float scale[2], minimum = has_minimum(w.format) ? half(w.minimums[place.scale]) : 0.0f;
        scale[0] = scale[1] = half(w.scales[place.scale]);
        if (parts_of_group(w.format) == 2) {
            for (size_t i = 0; i < 2; i++) scale[i] *= static_cast<float>(static_cast<int8_t>(w.factors[place.factors + i * OUTPUTS]));
        } else if (has_factors(w.format)) {
            scale[0] = scale[1] *= static_cast<float>(w.factors[place.factors]);
            minimum *= static_cast<float>(w.factors[place.factors + OUTPUTS]);
        }
        for (int k = 0; k < GROUP; k++) {
            const auto whole = static_cast<float>(read_line(w.format, w.values + place.lines, k) - offset_of(w.format));
            out[g * GROUP + k] = whole * scale[k / 16] + minimum;  // the product is exact
        }
    }
}

}  // namespace alize
