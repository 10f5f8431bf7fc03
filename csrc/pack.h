// From the blocks of a GGUF file to lines that kernels read, without a bit lost.
#pragma once
#include "kernels.h"

namespace alize {

// Bytes of `values` and numbers of `scales` (and of `minimums`) that a matrix takes. rows and columns as padded.
size_t bytes_of_values(Format, int64_t rows, int64_t columns);
size_t count_of_scales(int64_t rows, int64_t columns);

// Packs output blocks of 16. `source_rows[n]`: the row of the file that becomes row n, -1 for one of zeros.
// `blocks`: rows of the file, each columns / 32 blocks of 18 (Q4_0), 20 (Q4_1) or 34 bytes (Q8_0).
void pack(Format, const uint8_t* blocks, const int32_t* source_rows, int32_t rows, int32_t columns, uint8_t* values, uint16_t* scales,
          uint16_t* minimums);

// One row as floats: what looking a token up takes.
void unpack_row(const Matrix&, int32_t row, float* out);

}  // namespace alize
