// The table of processors that have AMX, too: all as with AVX-512, but products of many rows. Compiled as avx512.cpp is.
#include "avx512.h"
#include "product_amx.h"

namespace alize {

extern const Kernels amx = {"amx", product_amx, quantise, narrow, widen, normalise, gate, rotate, attend, add, remember_key,
                             remember_value, route, survey, allow, weigh};

}  // namespace alize
