// The table of this processor family. Compiled with its flags alone, and holding nothing that another file could be given by the linker.
#define MOST_ROWS 1
#define MOST_QUERIES 1
#define MOST_SCORES 1
#define MOST_SUMS 1
#include "lanes_portable.h"
#include "floats.h"
#include "attend.h"
#include "router.h"
#include "draws.h"
#include "product_portable.h"
#include "tiles.h"

namespace alize {

extern const Kernels portable = {"portable", product, quantise, narrow, widen, normalise, gate, rotate, attend, add, remember_key,
                             remember_value, route, survey, allow, weigh};

}  // namespace alize
