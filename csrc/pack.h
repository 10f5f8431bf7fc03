// From the blocks of a GGUF file to lines that kernels read, without a bit lost.
#pragma once
#include "kernels.h"

namespace alize {

// What a matrix takes: bytes of `values`, numbers of `scales` (and of `minimums`), bytes of `factors`. rows and columns as padded.
struct Room {
    size_t values, scales, minimums, factors;
};
Room room_of(Format, int64_t rows, int64_t columns);

struct Packing {
    const Matrix* matrix;        // whose pointers have that room
    const uint8_t* blocks;       // the file's rows
    const int32_t* source_rows;  // [rows]: which of them becomes row n, -1 for one of zeros
};

// Packs output blocks of 16 of several matrices, by so many threads at most, and as many as there are.
void pack(const Packing*, int32_t count, int threads);

// One row as floats: what looking a token up takes.
void unpack_row(const Matrix&, int32_t row, float* out);

}  // namespace alize
