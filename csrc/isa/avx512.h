// What processors with AVX-512 and VNNI compute, for avx512.cpp and amx.cpp.
#pragma once
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
