// Everything that is computed in floats, written once over Lanes. An isa/ file includes its lanes_*.h first, then this: MOST_QUERIES is
// how many rows of attention share what is read, MOST_SCORES and MOST_SUMS how many sums of scores and of values are kept in registers.
#pragma once
#include "../kernels.h"
#include "../contract.h"

namespace {

using namespace alize;

// e^x to 2 ulp for x <= 0: exactly 1 at 0, exactly +0 below -87, where single precision would end in subnormal numbers.
// x = n·ln 2 + r with n whole, and e^r by a polynomial of the sixth degree (minimax, as in Cephes' expf).
inline Lanes exponential(Lanes x) {
    Lanes floor = Lanes::all(-87.0f);
    Lanes n = Lanes::nearest(Lanes::mul(Lanes::max(x, floor), Lanes::all(1.44269504f)));
    Lanes r = Lanes::fma(n, Lanes::all(-0.693359375f), Lanes::max(x, floor));
    r = Lanes::fma(n, Lanes::all(2.12194440e-4f), r);
    Lanes p = Lanes::all(1.9875691500e-4f);
    p = Lanes::fma(p, r, Lanes::all(1.3981999507e-3f));
    p = Lanes::fma(p, r, Lanes::all(8.3334519073e-3f));
    p = Lanes::fma(p, r, Lanes::all(4.1665795894e-2f));
    p = Lanes::fma(p, r, Lanes::all(1.6666665459e-1f));
    p = Lanes::fma(p, r, Lanes::all(5.0000001201e-1f));
    Lanes e = Lanes::add(Lanes::fma(p, Lanes::mul(r, r), r), Lanes::all(1.0f));
    return Lanes::where_less(x, floor, Lanes::all(0.0f), Lanes::mul(e, Lanes::power_of_two(n)));
}

void quantise(const float* x, int32_t columns, int8_t* integers, float* scales, float* sums, float* halves, uint8_t* marks, float* apart) {
    const Lanes zero = Lanes::all(0.0f), infinity = Lanes::all(__builtin_inff());
    for (int32_t block = 0; block < columns / BLOCK; block++, x += BLOCK, integers += BLOCK) {
        Lanes low = Lanes::load(x), high = Lanes::load(x + 16);
        const Lanes large = Lanes::magnitude(low), larger = Lanes::magnitude(high);
        const bool finite = (Lanes::less(large, infinity) & Lanes::less(larger, infinity)) == 0xffff;
        float amax = Lanes::max(large, larger).greatest();
        marks[block] = 0;
        apart[block] = 0.0f;
        // What is more than half of the largest: the largest itself, and nothing else where it stands apart.
        const Lanes half = Lanes::all(amax * 0.5f);
        const uint32_t above = Lanes::less(half, large) | Lanes::less(half, larger) << 16;
        if ((above & (above - 1)) == 0 && finite && amax >= SMALLEST) {
            const int place = __builtin_ctz(above);
            marks[block] = static_cast<uint8_t>(place + 1);
            apart[block] = x[place];
            low = Lanes::where_set(above & 0xffff, zero, low);
            high = Lanes::where_set(above >> 16, zero, high);
            amax = Lanes::max(Lanes::magnitude(low), Lanes::magnitude(high)).greatest();
        }
        if (!finite || amax < SMALLEST) {
            for (int32_t k = 0; k < BLOCK; k++) integers[k] = 0;
            sums[block] = halves[2 * block] = halves[2 * block + 1] = 0.0f;
            scales[block] = finite ? 0.0f : __builtin_nanf("");
            continue;
        }
        const Lanes inverse = Lanes::all(127.0f / amax);
        sums[block] = Lanes::to_bytes(Lanes::mul(low, inverse), Lanes::mul(high, inverse), integers, halves + 2 * block);
        scales[block] = amax / 127.0f;
    }
}

void narrow(const Rows& rows, int32_t row, const float* a, int32_t rank, int32_t columns, float* x, float* t) {
    const int8_t* integers = rows.integers + static_cast<size_t>(row) * rows.stride;
    for (int32_t k = 0; rows.numbers != nullptr && k < columns; k++) x[k] = rows.numbers[static_cast<size_t>(row) * rows.numbers_stride + k];
    for (int32_t block = 0; rows.numbers == nullptr && block < columns / BLOCK; block++) {
        const float scale = rows.scales[static_cast<size_t>(row) * rows.blocks + block];
        for (int32_t k = block * BLOCK; k < (block + 1) * BLOCK; k++) x[k] = static_cast<float>(integers[k]) * scale;
        const uint8_t mark = rows.marks[static_cast<size_t>(row) * rows.marks_stride + block];
        if (mark != 0) x[block * BLOCK + mark - 1] = rows.apart[static_cast<size_t>(row) * rows.blocks + block];
    }
    for (int32_t j = 0; j < rank; j++) {
        Lanes sum = Lanes::all(0.0f);
        for (int32_t k = 0; k < columns; k += 16)
            sum = Lanes::fma(Lanes::load(a + static_cast<size_t>(j) * columns + k), Lanes::load(x + k), sum);
        t[j] = sum.sum();
    }
}

void widen(const float* t, const float* b, int32_t width, float* y) {
    Lanes sum = Lanes::load(y);
    for (int32_t j = 0; j < width; j++) sum = Lanes::fma(Lanes::all(t[j]), Lanes::load(b + j * 16), sum);
    sum.store(y);
}

void normalise(const float* x, const float* weight, int32_t columns, float epsilon, float* out) {
    Lanes squares = Lanes::all(0.0f);
    for (int32_t k = 0; k < columns; k += 16) squares = Lanes::fma(Lanes::load(x + k), Lanes::load(x + k), squares);
    Lanes factor = Lanes::all(1.0f / __builtin_sqrtf(squares.sum() / static_cast<float>(columns) + epsilon));
    for (int32_t k = 0; k < columns; k += 16)
        Lanes::mul(Lanes::mul(Lanes::load(x + k), factor), Lanes::load(weight + k)).store(out + k);
}

void gate(const float* interleaved, int32_t columns, float* out) {
    Lanes one = Lanes::all(1.0f);
    for (int32_t k = 0; k < columns; k += 16) {
        Lanes g = Lanes::load(interleaved + 2 * k), up = Lanes::load(interleaved + 2 * k + 16);
        // g / (1 + e^-g), with the exponential of a number that is never above 0 so that nothing overflows
        Lanes zero = Lanes::all(0.0f);
        Lanes small = exponential(Lanes::sub(zero, Lanes::magnitude(g)));
        Lanes sigmoid = Lanes::div(Lanes::where_less(g, zero, small, one), Lanes::add(one, small));
        Lanes::mul(Lanes::mul(g, sigmoid), up).store(out + k);
    }
}

void rotate(float* head, const float* cosines, const float* sines, int32_t width) {
    int32_t half = width / 2;
    for (int32_t k = 0; k < half; k += 16) {
        Lanes a = Lanes::load(head + k), b = Lanes::load(head + half + k);
        Lanes c = Lanes::load(cosines + k), s = Lanes::load(sines + k);
        Lanes::fma(a, c, Lanes::sub(Lanes::all(0.0f), Lanes::mul(b, s))).store(head + k);
        Lanes::fma(b, c, Lanes::mul(a, s)).store(head + half + k);
    }
}

void add(float* x, const float* y, int32_t columns) {
    for (int32_t k = 0; k < columns; k += 16) Lanes::add(Lanes::load(x + k), Lanes::load(y + k)).store(x + k);
}

void remember_key(const float* key, int32_t width, uint16_t* page, int32_t slot) {
    for (int32_t k = 0; k < width; k += 16) {
        uint16_t column[16];
        Lanes::load(key + k).to_bfloat16(column);
        for (int32_t i = 0; i < 16; i++) page[(k + i) * PAGE + slot] = column[i];
    }
}

void remember_value(const float* value, int32_t width, uint16_t* page, int32_t slot) {
    for (int32_t k = 0; k < width; k += 16) Lanes::load(value + k).to_bfloat16(page + slot * width + k);
}

// score[p][r] = queries of row r · the 16 keys of page p. Pages that are null are left out: their scores mean nothing.
// `next`: the pages that will be asked for then. A page lies anywhere, so the processor cannot guess where the next one begins.
template <int ROWS, int COLUMNS, int PAGES>
inline void scores(const float* queries, const uint16_t* const (&keys)[PAGES], const uint16_t* const (&next)[PAGES],
                   Lanes (&score)[PAGES][ROWS]) {
    constexpr int WIDTH = COLUMNS * 16;
    const uint16_t* some = nullptr;
    for (const uint16_t* page : keys) some = page != nullptr ? page : some;
    if (some == nullptr) return;
    const uint16_t* from[PAGES];
    for (int p = 0; p < PAGES; p++) from[p] = keys[p] != nullptr ? keys[p] : some;  // one that is there, so that none needs a question below
    for (int p = 0; p < PAGES; p++)
        for (int r = 0; r < ROWS; r++) score[p][r] = Lanes::all(0.0f);
    for (int32_t d = 0; d < WIDTH; d++) {
        Lanes key[PAGES];
        for (int p = 0; p < PAGES; p++) {
            key[p] = Lanes::from_bfloat16(from[p] + d * PAGE);
            if (d % 2 == 0) __builtin_prefetch(next[p] + d * PAGE);
        }
        for (int r = 0; r < ROWS; r++) {
            const Lanes query = Lanes::all(queries[r * WIDTH + d]);
            for (int p = 0; p < PAGES; p++) score[p][r] = Lanes::fma(query, key[p], score[p][r]);
        }
    }
}

// part[r][c] = sum over keys from … to of a span of weight[r][key] · value[key][16c …], from column FIRST on, SIDE columns at once.
template <int ROWS, int COLUMNS, int FIRST, int SIDE>
inline void weigh_values(const Attention& a, int32_t start, int32_t from, int32_t to, int32_t newest, const float (&weight)[ROWS][SPAN],
                         Lanes (&part)[ROWS][COLUMNS]) {
    constexpr int WIDTH = COLUMNS * 16;
    Lanes sum[ROWS][SIDE];
    for (int r = 0; r < ROWS; r++)
        for (int c = 0; c < SIDE; c++) sum[r][c] = Lanes::all(0.0f);
    for (int32_t page = from / PAGE; page * PAGE < to; page++) {
        const int32_t place = start / PAGE + page, end = to < (page + 1) * PAGE ? to : (page + 1) * PAGE;
        const uint16_t* values = a.values + a.page_stride * a.table[place] + FIRST * 16;
        const bool more = FIRST == 0 && start + page * PAGE + SPAN <= newest;
        const uint16_t* then = more ? a.values + a.page_stride * a.table[place + SPAN / PAGE] : values;
        for (int32_t j = from > page * PAGE ? from : page * PAGE; j < end; j++) {
            const uint16_t* value = values + j % PAGE * WIDTH;
            if (FIRST == 0)
                for (int c = 0; c < COLUMNS; c += 2) __builtin_prefetch(then + j % PAGE * WIDTH + c * 16);
            for (int c = 0; c < SIDE; c++) {
                const Lanes v = Lanes::from_bfloat16(value + c * 16);
                for (int r = 0; r < ROWS; r++) sum[r][c] = Lanes::fma(Lanes::all(weight[r][j]), v, sum[r][c]);
            }
        }
    }
    for (int r = 0; r < ROWS; r++)
        for (int c = 0; c < SIDE; c++) part[r][FIRST + c] = sum[r][c];
    constexpr int NEXT = FIRST + SIDE, REST = COLUMNS - NEXT < SIDE ? COLUMNS - NEXT : SIDE;
    if constexpr (REST > 0) weigh_values<ROWS, COLUMNS, NEXT, REST>(a, start, from, to, newest, weight, part);
}

// Weighs SPAN keys at a time and merges spans in ascending order, every one of them, even where there is but one:
//
//     s[j] = q · k[j]     m_b = max s     p[j] = e^(s[j] - m_b)     l_b = sum p     o_b = sum p[j] · v[j], j ascending
//     m' = max(m, m_b)    a = e^(m - m')    c = e^(m_b - m')    l = l·a + l_b·c    o = o·a + o_b·c
//
// Spans lie at absolute positions, so that neither the beginning of a call nor of a window moves them. Keys that a query does not see
// have p = +0 and change no bit, as long as their values are finite; pages that none of the rows sees are not touched.
template <int ROWS, int COLUMNS>
void attend_rows(const Attention& a) {
    constexpr int WIDTH = COLUMNS * 16;
    float most[ROWS], total[ROWS];
    Lanes lowest = Lanes::all(-__builtin_inff());
    for (int r = 0; r < ROWS; r++) {
        most[r] = -__builtin_inff();
        total[r] = 0.0f;
        for (int c = 0; c < COLUMNS; c++) Lanes::all(0.0f).store(a.out + r * WIDTH + c * 16);
    }
    static const float index[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    int32_t newest = a.positions[ROWS - 1];
    int32_t oldest = a.window > 0 && a.positions[0] >= a.window ? a.positions[0] - a.window + 1 : 0;
    for (int32_t start = oldest / SPAN * SPAN; start <= newest; start += SPAN) {
        float weight[ROWS][SPAN];
        Lanes top[ROWS];
        for (int r = 0; r < ROWS; r++) top[r] = lowest;
        // Several pages at once, as far as sums stay in registers: few would wait for each other, and a query's number is read once for all.
        constexpr int PAGES = MOST_SCORES >= 4 * ROWS ? 4 : MOST_SCORES >= 2 * ROWS ? 2 : 1;
        for (int32_t page = 0; page < SPAN / PAGE; page += PAGES) {
            Lanes score[PAGES][ROWS];
            const int32_t first = start + page * PAGE;
            const uint16_t *keys[PAGES], *next[PAGES];
            for (int p = 0; p < PAGES; p++) {
                const int32_t at = first + p * PAGE, then = at + SPAN;
                const bool seen = at <= newest && at + PAGE > oldest;
                keys[p] = seen ? a.keys + a.page_stride * a.table[at / PAGE] : nullptr;
                next[p] = then <= newest ? a.keys + a.page_stride * a.table[then / PAGE] : a.keys;
            }
            scores<ROWS, COLUMNS, PAGES>(a.queries, keys, next, score);
            for (int p = 0; p < PAGES; p++)
                for (int r = 0; r < ROWS; r++) {
                    float* out = weight[r] + (page + p) * PAGE;
                    if (keys[p] == nullptr) {
                        lowest.store(out);
                        continue;
                    }
                    // whole numbers, small enough to be exact
                    const float behind = static_cast<float>(a.positions[r] - first - p * PAGE);
                    Lanes place = Lanes::load(index), here = Lanes::where_less(Lanes::all(behind), place, lowest, score[p][r]);
                    if (a.window > 0)
                        here = Lanes::where_less(place, Lanes::all(behind - static_cast<float>(a.window) + 1.0f), lowest, here);
                    here.store(out);
                    top[r] = Lanes::max(here, top[r]);
                }
        }
        float peak[ROWS], sum[ROWS];
        for (int r = 0; r < ROWS; r++) {
            peak[r] = top[r].greatest();
            Lanes base = Lanes::all(peak[r] == -__builtin_inff() ? 0.0f : peak[r]), lanes = Lanes::all(0.0f);
            for (int32_t j = 0; j < SPAN; j += 16) {
                Lanes p = exponential(Lanes::sub(Lanes::load(weight[r] + j), base));
                p.store(weight[r] + j);
                lanes = Lanes::add(lanes, p);
            }
            sum[r] = lanes.sum();
        }
        Lanes part[ROWS][COLUMNS];
        // As many columns at once as have sums in registers.
        constexpr int SIDE = ROWS >= MOST_SUMS || COLUMNS == 1 ? 1 : MOST_SUMS / ROWS < COLUMNS ? MOST_SUMS / ROWS : COLUMNS;
        const int32_t from = oldest > start ? oldest - start : 0, to = newest - start + 1 < SPAN ? newest - start + 1 : SPAN;
        weigh_values<ROWS, COLUMNS, 0, SIDE>(a, start, from, to, newest, weight, part);
        // How much smaller what was weighed before becomes, and what is new: of all rows by one exponential.
        static_assert(ROWS <= 8);
        float change[16] = {};
        for (int r = 0; r < ROWS; r++) {
            const float higher = peak[r] > most[r] ? peak[r] : most[r];
            change[r] = most[r] - higher;
            change[8 + r] = peak[r] - higher;
            most[r] = higher;
        }
        exponential(Lanes::load(change)).store(change);
        for (int r = 0; r < ROWS; r++) {
            if (peak[r] == -__builtin_inff()) continue;  // this row sees none of them
            total[r] = __builtin_fmaf(sum[r], change[8 + r], total[r] * change[r]);
            Lanes before = Lanes::all(change[r]), now = Lanes::all(change[8 + r]);
            for (int c = 0; c < COLUMNS; c++) {
                float* out = a.out + r * WIDTH + c * 16;
                Lanes::fma(part[r][c], now, Lanes::mul(Lanes::load(out), before)).store(out);
            }
        }
    }
    for (int r = 0; r < ROWS; r++) {
        Lanes all = Lanes::all(total[r]);
        for (int c = 0; c < COLUMNS; c++) {
            float* out = a.out + r * WIDTH + c * 16;
            Lanes::div(Lanes::load(out), all).store(out);
        }
    }
}

// ROWS rows together where there are so many; else fewer. Each is weighed alone, so it makes no difference to the result.
template <int ROWS, int COLUMNS>
void attend_together(Attention a) {
    for (; a.rows >= ROWS; a.rows -= ROWS, a.positions += ROWS, a.queries += ROWS * a.width, a.out += ROWS * a.width)
        attend_rows<ROWS, COLUMNS>(a);
    if constexpr (ROWS > 1)
        if (a.rows > 0) attend_together<ROWS - 1, COLUMNS>(a);
}

void attend(const Attention& a) {
    switch (a.width) {
        case 32: return attend_together<MOST_QUERIES, 2>(a);
        case 64: return attend_together<MOST_QUERIES, 4>(a);
        case 96: return attend_together<MOST_QUERIES, 6>(a);
        default: return attend_together<MOST_QUERIES, 8>(a);
    }
}

}  // namespace
