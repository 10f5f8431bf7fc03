// The arithmetic that every kernel computes, to the bit, on every processor.
//
//   Rows of activations become integers, a scale for each BLOCK of 32 and a sum for each GROUP of 32:
//
//       amax = max |x|        over the block
//       sx   = amax / 127     q[k] = nearest_even(x[k] * (127 / amax))     |q| <= 127
//       sum  = q[0] + … + q[31]   of each group, and of its halves
//
//   A block whose amax is below 1e-36, where 127 / amax would be infinite, has sx = 0 and q = 0. One that holds an infinity or what is not
//   a number has sx = NaN and q = 0: it makes all of its row NaN, and nothing else.
//
//   One number of a block that is at least twice as large as every other in magnitude (2·|x| <= amax for all others) stands apart:
//   it stays a float, its q is 0, and amax is that of the others. Trained models have a few channels that are a hundred times as large as
//   those around them; one scale for both would leave the others two bits.
//
//   A product of one row of weights with one row of activations is a chain of single-precision operations in this order:
//
//       acc = +0
//       for each block, ascending:
//           f = +0
//           for each group of the block, ascending:
//               i = sum over the group of integer weight × q          exact, so its order is free
//               f = fma(float(i), d, f)                               d: the group's scale
//               f = fma(float(sum), m, f)                             m: the group's minimum, in formats that have one
//           acc = fma(f, sx, acc)
//       for each number that stands apart, ascending:
//           acc = fma(x, w, acc)                          w: its weight, fma(float(integer weight), d, m), with m = +0 where there is none
//
//   Where weights are floats (F16, BF16) the row is not quantised:
//
//       acc = +0
//       for each column, ascending:
//           acc = fma(x, w, acc)
//
//   An adapter adds to a product, behind its chain, with A and B in single precision, B times the adapter's scale:
//
//       t[j] = sum over columns of A[j][k] · x[k]     sixteen lanes of fma(A[j][k], x[k], lane), folded as below
//       acc  = fma(t[j], B[row][j], acc)              j ascending
//       x[k]: the row as the product reads it: q[k] · sx, or the number that stands apart, or the float where it is not quantised
//
//   Where a feed-forward is made of experts, each row goes to some of them. What chooses reads the row before it is quantised, with weights
//   in single precision, by the chain above: a logit for each expert, of which the largest are taken, the largest first and of equal ones
//   that of the lower number; what is not a number comes before every number. Then, with j ascending:
//
//       p[j] = e^(logit[j] - logit[0])     total = +0, total = total + p[j]     share[j] = p[j] / total · scale
//       acc = +0      acc = fma(share[j], y[j], acc)      y[j]: what the row's j-th expert gives      x = x + acc
//
//   Where logit[0] is no number or infinite, all shares are NaN: such a row is spoilt, and nothing else. Each expert's y is a row by itself,
//   whoever else has chosen it; experts that nobody has chosen are not read.
//
//       logits 1 3 3 2, two active: experts 1 and 2, shares ½ and ½            logits 1 3 4 2: experts 2 and 1, shares .73 and .27
//
//   An example of one block with one group, format Q4_1 (weight = d · nibble + m), of four numbers in place of 32:
//
//       x = 1 -2 3 0      sx = 3/127     q = 42 -85 127 0 (42.33 and -84.67 to the nearest)     sum = 84
//       nibbles = 3 0 5 1     d = 0.5    m = -1     so the weights are 0.5 -1 1.5 -0.5
//       i = 3·42 + 5·127 = 761       f = 761 · 0.5 - 84 = 296.5       acc = 296.5 · 3/127 = 7.0039  (7 in exact numbers)
//
//   In the formats whose groups have whole numbers as factors of a float16 that 256 columns share, d and m are these products, which
//   single precision holds without rounding: d = scale · s, m = -minimum · t. Q6_K has groups of 16, and so two of them in a block.
//
//   Keys and values are kept in bfloat16, to the nearest even, or in bytes: then a token's value of a head has one scale, amax / 127, its
//   key one for each 16 columns, and their numbers are q as above, but that none stands apart; NaN where one is infinite or no number.
//   Over bytes a score is a chain over these parts, ascending, of fma(part, scale, score), where a part is the chain over query · float(k);
//   a weight is multiplied by its value's scale once, before the chain over values.
//
//   Nothing depends on how many rows share a call, on threads, or on the width of vectors. Sums of floats elsewhere (norms, softmax)
//   keep sixteen lanes, lane i taking elements i, i + 16, …, and fold them 8, 4, 2, 1; tokens are drawn by exact sums (sample.h). The bits of
//   a NaN are any that say so: processors write different ones. No file is compiled with -ffast-math, none contracts a product and a sum
//   that the source does not write as fma.
#pragma once

namespace alize {

constexpr int GROUP = 32;    // weights that share a scale; in Q6_K each half has its own
constexpr int BLOCK = 32;    // activations that share a scale
constexpr int OUTPUTS = 16;  // rows of weights that are computed together: the lanes of a vector
constexpr float SMALLEST = 1e-36f;
constexpr int PAGE = 16;     // tokens of a cache block
constexpr int MOST_WIDTH = 128;  // of a head
constexpr int SPAN = 64;     // keys that are weighed together, aligned to absolute positions

}  // namespace alize
