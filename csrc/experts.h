// Rows dealt to experts. In: the experts that each token has chosen. Out: the choices, expert by expert.
//
// Each token is computed by its `active` experts, and each expert computes many rows together:
//
//     token      0      1      2      3
//     chosen    2 0    2 1    0 2    2 0         the first is of rank 0, the other of rank 1
//     choice    0 1    2 3    4 5    6 7         token · active + rank
//     slots     1 4 7 | 3 | 0 2 5 6              choices in order of experts, and of tokens within one
//     lots      expert 0: 3 rows from slot 0; expert 1: 1 row from slot 3; expert 2: 4 rows from slot 4
//
// What experts give lies by tokens again, and a token sums it in the order of ranks: so it is the same whoever else chose its experts.
#pragma once
#include "memory.h"

namespace alize {

struct Lot {  // rows of one expert
    int32_t expert, first, rows;
    int32_t tile;  // the number of its first tile among all
};

struct Choices {
    int32_t tokens, active;
    int32_t* chosen;   // [tokens][active]: experts
    float* shares;     // [tokens][active]
    int32_t* slots;    // [tokens · active]: choices
    Lot* lots;         // of the experts that somebody chose, ascending
    int32_t* lot_of;   // [tiles]: whose each tile is
    int32_t* begin;    // [experts + 1]
    Integers dealt;    // [slots]: the rows they are made of, where an expert has several
    Integers gated;    // [slots]
    float* outputs;    // [tokens][dim / 16][active][16]

    int32_t slots_count() const { return tokens * active; }
    int32_t token(int32_t slot) const { return slots[slot] / active; }
    int32_t rank(int32_t slot) const { return slots[slot] % active; }

    // Counts, and puts each choice where it belongs. Returns how many tiles of so many rows there are.
    int32_t deal(int32_t experts, int32_t tile_rows) const;
};

}  // namespace alize
