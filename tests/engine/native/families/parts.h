// What main.cpp has every family compute. In: its table. Out: everything it gave.
#pragma once
#include "../../../../csrc/kernels.h"
#include "outputs.h"

void products(const alize::Kernels& kernels, Outputs& out);   // of every format; rows to integers, too
void floats(const alize::Kernels& kernels, Outputs& out);     // what has no weights, but attention
void attention(const alize::Kernels& kernels, Outputs& out);
void drawing(const alize::Kernels& kernels, Outputs& out);    // experts, and tokens
void steps(const alize::Kernels& kernels, Outputs& out);      // a whole model
