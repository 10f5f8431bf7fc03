// The table of this processor family. Compiled with its flags alone, and holding nothing that another file could be given by the linker.
#include "avx512.h"

namespace alize {

extern const Kernels avx512 = {"avx512", product, quantise, narrow, widen, normalise, gate, rotate, attend, add, remember_key,
                             remember_value, route, survey, allow, weigh};

}  // namespace alize
