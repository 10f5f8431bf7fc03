// The table of this processor family. Compiled with its flags alone, and holding nothing that another file could be given by the linker.
#define MOST_ROWS 8
#define MOST_QUERIES 6
#define MOST_SCORES 12
#define MOST_SUMS 24
#include "lanes_avx512.h"
#include "floats.h"
#include "attend.h"
#include "router.h"
#include "draws.h"
#include "product_avx512.h"
#include "tiles.h"

namespace alize {

extern const Kernels avx512 = {"avx512", product, quantise, narrow, widen, normalise, gate, rotate, attend, add, remember_key,
                             remember_value, route, survey, allow, weigh};

}  // namespace alize
