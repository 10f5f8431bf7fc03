// The table of this processor family. Compiled with its flags alone, and holding nothing that another file could be given by the linker.
#define MOST_ROWS 4
#define MOST_QUERIES 6
#define MOST_SCORES 6
#define MOST_SUMS 6
#include "lanes_neon.h"
#include "floats.h"
#include "attend.h"
#include "router.h"
#include "draws.h"
#include "sums_dotprod.h"
namespace {
template <int ROWS> using Exact = ByLane<ROWS>;
}
#include "product_neon.h"
#include "tiles.h"

namespace alize {

extern const Kernels dotprod = {"dotprod", product, quantise, narrow, widen, normalise, gate, rotate, attend, add, remember_key,
                             remember_value, route, survey, allow, weigh};

}  // namespace alize
