// Cosines and sines of rotary positions, the same to the bit on every machine: a library's differ by processor.
#pragma once
#include <cstdint>

namespace alize {

// cosines[p][i] = cos(p · speed[i]) · scale for positions 0 … positions - 1. The angle is rounded to single precision, as in the code
// that these models were trained with; its cosine is exact to about 1e-15 and rounded once.
void turns(const float* speed, int32_t pairs, int32_t positions, float scale, float* cosines, float* sines);

}  // namespace alize
