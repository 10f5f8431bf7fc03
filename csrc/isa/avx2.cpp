// The table of this processor family. Compiled with its flags alone, and holding nothing that another file could be given by the linker.
#define MOST_ROWS 4
#define MOST_QUERIES 6
#define MOST_SCORES 6
#define MOST_SUMS 6
#include "lanes_avx2.h"
#include "floats.h"
#include "attend.h"
#include "router.h"
#include "draws.h"
#include "product_avx2.h"
#include "tiles.h"

namespace alize {

extern const Kernels avx2 = {"avx2", product, quantise, narrow, widen, normalise, gate, rotate, attend, add, remember_key,
                             remember_value, route, survey, allow, weigh};

}  // namespace alize
