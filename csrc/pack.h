// From the blocks of a GGUF file to lines that kernels read, without a bit lost.
#pragma once
#include "kernels.h"

namespace alize {

// What a matrix takes: bytes of `values`, numbers of `scales` (and of `minimums`), bytes of `factors`. rows and columns as padded.
struct Room {
    size_t values, scales, minimums, factors;
};
Room room_of(Format, int64_t rows, int64_t columns);

// Packs output blocks of 16 into `w`, whose pointers have that room. `source_rows[n]`: the row of the file that becomes row n, -1 for one
// of zeros. `blocks`: the file's rows. By so many threads at most, and as many as there are.
void pack(const Matrix& w, const uint8_t* blocks, const int32_t* source_rows, int threads);

// One row as floats: what looking a token up takes.
void unpack_row(const Matrix&, int32_t row, float* out);

}  // namespace alize
