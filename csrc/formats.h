// How weights are kept: the formats of GGUF files, bit for bit, in lines that kernels read.
//
//     format   weight                               bits of a number   an example of one
//     Q4_0     d · (u - 8)                          4                  u = 3, d = 0.5: -2.5
//     Q4_1     d · u + m                            4
//     Q5_0     d · (u - 16)                         5
//     Q5_1     d · u + m                            5
//     Q8_0     d · (u - 128)                        8                  stored with 128 added
//     Q4_K     d · s · u - m · t                    4                  u = 3, d = 0.01, s = 50, m = 0.02, t = 10: 1.3
//     Q5_K     d · s · u - m · t                    5
//     Q6_K     d · s · (u - 32)                     6                  s of 16 columns and with a sign
//     F16      itself                               16
//     BF16     itself                               16
//
// d and m are float16, of 32 columns each, or of 256 in Q4_K to Q6_K; there s and t are whole numbers of 32 columns, in a byte.
// d · s and m · t are exact in single precision: so are a scale and a minimum to kernels, wherever they come from.
//
// A line is 64 bytes: 16 rows of weights × 4 columns, byte 4 · row + column. 32 columns are a group:
//
//     eight bits    8 lines, line j holds columns 4j … 4j + 3
//     fewer         4 lines of the lower four bits: line j has columns 8j … 8j + 3 in its low nibbles, 8j + 4 … 8j + 7 in its high ones
//       a fifth     and 1 line behind them: bit i of a byte belongs to column 4i and those beside it, i = 0 … 7
//       and sixth   and 2 lines: bits 2i and 2i + 1 of the first to column 4i and those beside it, i = 0 … 3; of the second to 16 + 4i
//     sixteen       16 lines: column k of the 16 rows is the k-th half of a line
#pragma once
#include <cstdint>

namespace alize {

// The numbers are those of FORMATS in src/alize/engine/runners/native/library.py.
enum class Format : int32_t { Q4_1 = 0, Q4_0 = 1, Q8_0 = 2, Q4_K = 3, Q5_K = 4, Q6_K = 5, Q5_0 = 6, Q5_1 = 7, F16 = 8, BF16 = 9 };

// Whether weights are floats, and rows are multiplied as such.
constexpr bool is_float(Format f) { return f == Format::F16 || f == Format::BF16; }
// Bits of a number beyond four, in formats of fewer than eight.
constexpr int upper_bits(Format f) {
    return f == Format::Q6_K ? 2 : f == Format::Q5_K || f == Format::Q5_0 || f == Format::Q5_1 ? 1 : 0;
}
constexpr int lines_of_group(Format f) { return is_float(f) ? 16 : f == Format::Q8_0 ? 8 : 4 + upper_bits(f); }
constexpr int bytes_of_group(Format f) { return lines_of_group(f) * 64; }
// What was added to make a number unsigned.
constexpr int offset_of(Format f) {
    return f == Format::Q4_0 ? 8 : f == Format::Q5_0 ? 16 : f == Format::Q6_K ? 32 : f == Format::Q8_0 ? 128 : 0;
}
constexpr bool has_minimum(Format f) { return f == Format::Q4_1 || f == Format::Q5_1 || f == Format::Q4_K || f == Format::Q5_K; }
// Groups that share a float16: those of 256 columns where each has a factor of its own.
constexpr int groups_of_scale(Format f) { return f == Format::Q4_K || f == Format::Q5_K || f == Format::Q6_K ? 8 : 1; }
constexpr bool has_factors(Format f) { return groups_of_scale(f) > 1; }
// Scales within 32 columns.
constexpr int parts_of_group(Format f) { return f == Format::Q6_K ? 2 : 1; }

}  // namespace alize
