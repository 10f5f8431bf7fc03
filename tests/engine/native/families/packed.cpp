#include "packed.h"

#include <cstring>

#include "../../../../csrc/blocks.h"
#include "core.h"

using namespace alize;

namespace {

// Not rounded but cut: what is left is a number of that size all the same.
uint16_t float16(float x) {
    uint32_t bits;
    std::memcpy(&bits, &x, 4);
    const auto sign = static_cast<uint16_t>(bits >> 16 & 0x8000);
    const int32_t exponent = static_cast<int32_t>(bits >> 23 & 255) - 112;
    const uint32_t fraction = bits >> 13 & 1023;
    if (exponent >= 31) return sign | 0x7bff;
    if (exponent < -9) return sign;
    if (exponent <= 0) return static_cast<uint16_t>(sign | (fraction | 1024) >> (1 - exponent));
    return static_cast<uint16_t>(sign | exponent << 10 | fraction);
}

float scale_among(Numbers& numbers, float size) {
    const int32_t which = numbers.below(16);
    return numbers.some() * (which == 0 ? 0.0f : which == 1 ? 1e-6f : which == 2 ? 1e-39f : size);
}

// Rows of a file, its blocks of any bytes, their scales put right.
std::vector<uint8_t> blocks_of(Numbers& numbers, Format format, int32_t rows, int32_t columns, bool extreme, float size) {
    const size_t width = is_float(format) ? static_cast<size_t>(columns) * 2 : bytes_of_row(format, columns);
    std::vector<uint8_t> bytes(width * static_cast<size_t>(rows));
    const uint8_t least = format == Format::Q8_0 ? 0x80 : 0x00;
    for (uint8_t& byte : bytes) byte = !extreme ? static_cast<uint8_t>(numbers.next()) : numbers.below(2) == 0 ? least : static_cast<uint8_t>(~least);
    auto put = [&](size_t at, uint16_t number) { std::memcpy(bytes.data() + at, &number, 2); };
    if (is_float(format)) {
        for (size_t at = 0; at < bytes.size(); at += 2) {
            const float weight = scale_among(numbers, 50.0f * size);
            uint32_t bits;
            std::memcpy(&bits, &weight, 4);
            put(at, format == Format::F16 ? float16(weight) : static_cast<uint16_t>(bits >> 16));
        }
        return bytes;
    }
    const size_t block = bytes_of_row(format, GROUP * groups_of_scale(format));
    const float own = has_factors(format) ? size / 40.0f : size;
    for (size_t at = 0; at < bytes.size(); at += block) {
        put(at + (format == Format::Q6_K ? 208 : 0), float16(scale_among(numbers, own)));
        if (has_minimum(format)) put(at + 2, float16(scale_among(numbers, own * 8.0f)));
    }
    return bytes;
}

}  // namespace

Packed packed(Numbers& numbers, Format format, int32_t rows, int32_t columns, bool extreme, float size) {
    const std::vector<uint8_t> blocks = blocks_of(numbers, format, rows, columns, extreme, size);
    const int32_t padded = (rows + OUTPUTS - 1) / OUTPUTS * OUTPUTS;
    std::vector<int32_t> source(static_cast<size_t>(padded), -1);
    for (int32_t n = 0; n < rows; n++) source[static_cast<size_t>(n)] = n;
    Room room{};
    alize_room(static_cast<int32_t>(format), padded, columns, &room);
    Packed made{{}, Aligned<uint8_t>(room.values), Aligned<uint16_t>(room.scales), Aligned<uint16_t>(room.minimums), Aligned<uint8_t>(room.factors)};
    made.matrix = {format, padded, columns, made.values.data(), room.scales > 0 ? made.scales.data() : nullptr,
                   room.minimums > 0 ? made.minimums.data() : nullptr, room.factors > 0 ? made.factors.data() : nullptr};
    const Packing packing{&made.matrix, blocks.data(), source.data()};
    alize_pack(&packing, 1, 2);
    return made;
}
