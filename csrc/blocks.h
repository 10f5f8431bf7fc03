// One group of 32 columns of one row, as a GGUF file has it. In: the row's blocks. Out: whole numbers and what they are multiplied by.
#pragma once
#include <cstddef>

#include "contract.h"
#include "formats.h"

namespace alize {

struct Group {
    uint8_t integers[GROUP];  // with offset_of(format) added
    uint16_t scale, minimum;  // float16; the minimum 0 where there is none, and negative in formats with factors
    uint8_t factors[2];       // see Matrix; 0 where there are none
};

// Bytes of a row.
size_t bytes_of_row(Format, int64_t columns);

Group read_group(Format, const uint8_t* row, int32_t group);

}  // namespace alize
