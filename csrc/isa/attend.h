// Attention over paged keys and values, written once over Lanes. An isa/ file includes floats.h first: MOST_QUERIES is how many rows share
// what is read, MOST_SCORES and MOST_SUMS how many sums of scores and of values are kept in registers.
#pragma once
#include "floats.h"

namespace {

using namespace alize;

// A page's numbers: bfloat16 as uint16_t, or bytes, which have scales.
inline Lanes wide(const uint16_t* p) { return Lanes::from_bfloat16(p); }
inline Lanes wide(const int8_t* p) { return Lanes::from_signed_bytes(reinterpret_cast<const uint8_t*>(p)); }

template <class NUMBER>
constexpr bool has_scales = sizeof(NUMBER) == 1;

// Of the 16 tokens of a page of bytes; of keys, of their n-th part.
inline Lanes scales_of(const int8_t* page, int32_t width, int32_t part = 0) {
    return Lanes::load(reinterpret_cast<const float*>(page + width * PAGE) + part * PAGE);
}

template <class NUMBER>
inline const NUMBER* page_at(const Attention& a, const uint8_t* pages, int32_t place) {
    return reinterpret_cast<const NUMBER*>(pages + a.page_stride * static_cast<size_t>(a.table[place]));
}

// A token's numbers, `width` of them or zeros up to a multiple of 32, as bytes; their scale goes to `scale`, NaN where one is infinite or no
// number: such a value spoils all that looks at it. (Such a key is weighed as if it were far from every query. Its token's own row is spoilt
// in any case, and its request ends.)
inline void to_scaled_bytes(const float* x, int32_t width, int8_t* bytes, float* scale) {
    Lanes most = Lanes::all(0.0f);
    uint32_t finite = 0xffff;
    for (int32_t k = 0; k < width; k += 16) {
        const Lanes large = Lanes::magnitude(Lanes::load(x + k));
        finite &= Lanes::less(large, Lanes::all(__builtin_inff()));
        most = Lanes::max(most, large);
    }
    const float amax = most.greatest();
    const bool none = finite != 0xffff || amax < SMALLEST;
    *scale = finite != 0xffff ? __builtin_nanf("") : none ? 0.0f : amax / 127.0f;
    const Lanes inverse = Lanes::all(none ? 0.0f : 127.0f / amax), zero = Lanes::all(0.0f);
    float sums[2];
    for (int32_t k = 0; k < width; k += 32) {
        const Lanes low = none ? zero : Lanes::mul(Lanes::load(x + k), inverse);
        const Lanes high = none || k + 16 >= width ? zero : Lanes::mul(Lanes::load(x + k + 16), inverse);
        Lanes::to_bytes(low, high, bytes + k, sums);
    }
}

void remember_key(Kept kept, const float* key, int32_t width, uint8_t* page, int32_t slot) {
    if (kept == Kept::INT8) {
        int8_t column[MOST_WIDTH + KEY_PART];  // behind each part zeros, where the next will be
        auto* scales = reinterpret_cast<float*>(page + width * PAGE);
        for (int32_t k = 0; k < width; k += KEY_PART)
            to_scaled_bytes(key + k, KEY_PART, column + k, scales + k / KEY_PART * PAGE + slot);
        for (int32_t k = 0; k < width; k++) page[k * PAGE + slot] = static_cast<uint8_t>(column[k]);
        return;
    }
    auto* numbers = reinterpret_cast<uint16_t*>(page);
    for (int32_t k = 0; k < width; k += 16) {
        uint16_t column[16];
        Lanes::load(key + k).to_bfloat16(column);
        for (int32_t i = 0; i < 16; i++) numbers[(k + i) * PAGE + slot] = column[i];
    }
}

void remember_value(Kept kept, const float* value, int32_t width, uint8_t* page, int32_t slot) {
    if (kept == Kept::INT8)
        return to_scaled_bytes(value, width, reinterpret_cast<int8_t*>(page) + slot * width, reinterpret_cast<float*>(page + width * PAGE) + slot);
    auto* numbers = reinterpret_cast<uint16_t*>(page);
    for (int32_t k = 0; k < width; k += 16) Lanes::load(value + k).to_bfloat16(numbers + slot * width + k);
}

// score[p][r] = queries of row r · the 16 keys of page p. Pages that are null are left out: their scores mean nothing.
// `next`: the pages that will be asked for then. A page lies anywhere, so the processor cannot guess where the next one begins.
template <class NUMBER, int ROWS, int COLUMNS, int PAGES>
inline void scores(const float* queries, const NUMBER* const (&keys)[PAGES], const NUMBER* const (&next)[PAGES],
                   Lanes (&score)[PAGES][ROWS]) {
    constexpr int WIDTH = COLUMNS * 16, LINE = 64 / (PAGE * sizeof(NUMBER));  // columns in 64 bytes
    const NUMBER* some = nullptr;
    for (const NUMBER* page : keys) some = page != nullptr ? page : some;
    if (some == nullptr) return;
    const NUMBER* from[PAGES];
    for (int p = 0; p < PAGES; p++) from[p] = keys[p] != nullptr ? keys[p] : some;  // one that is there, so that none needs a question below
    for (int p = 0; p < PAGES; p++)
        for (int r = 0; r < ROWS; r++) score[p][r] = Lanes::all(0.0f);
    constexpr int PART = has_scales<NUMBER> ? KEY_PART : WIDTH;
    for (int32_t part = 0; part < WIDTH / PART; part++) {
        Lanes sum[PAGES][ROWS];
        for (int p = 0; p < PAGES; p++)
            for (int r = 0; r < ROWS; r++) sum[p][r] = Lanes::all(0.0f);
        for (int32_t d = part * PART; d < (part + 1) * PART; d++) {
            Lanes key[PAGES];
            for (int p = 0; p < PAGES; p++) {
                key[p] = wide(from[p] + d * PAGE);
                if (d % LINE == 0) __builtin_prefetch(next[p] + d * PAGE);
            }
            for (int r = 0; r < ROWS; r++) {
                const Lanes query = Lanes::all(queries[r * WIDTH + d]);
                for (int p = 0; p < PAGES; p++) sum[p][r] = Lanes::fma(query, key[p], sum[p][r]);
            }
        }
        for (int p = 0; p < PAGES; p++)
            for (int r = 0; r < ROWS; r++)
                if constexpr (has_scales<NUMBER>)
                    score[p][r] = Lanes::fma(sum[p][r], scales_of(from[p], WIDTH, part), score[p][r]);
                else
                    score[p][r] = sum[p][r];
    }
}

// part[r][c] = sum over keys from … to of a span of weight[r][key] · value[key][16c …], from column FIRST on, SIDE columns at once.
template <class NUMBER, int ROWS, int COLUMNS, int FIRST, int SIDE>
inline void weigh_values(const Attention& a, int32_t start, int32_t from, int32_t to, int32_t newest, const float (&weight)[ROWS][SPAN],
                         Lanes (&part)[ROWS][COLUMNS]) {
    constexpr int WIDTH = COLUMNS * 16, LINE = 64 / (16 * sizeof(NUMBER));  // columns of 16 in 64 bytes
    Lanes sum[ROWS][SIDE];
    for (int r = 0; r < ROWS; r++)
        for (int c = 0; c < SIDE; c++) sum[r][c] = Lanes::all(0.0f);
    for (int32_t page = from / PAGE; page * PAGE < to; page++) {
        const int32_t place = start / PAGE + page, end = to < (page + 1) * PAGE ? to : (page + 1) * PAGE;
        const NUMBER* values = page_at<NUMBER>(a, a.values, place) + FIRST * 16;
        const bool more = FIRST == 0 && start + page * PAGE + SPAN <= newest;
        const NUMBER* then = more ? page_at<NUMBER>(a, a.values, place + SPAN / PAGE) : values;
        for (int32_t j = from > page * PAGE ? from : page * PAGE; j < end; j++) {
            const NUMBER* value = values + j % PAGE * WIDTH;
            if (FIRST == 0)
                for (int c = 0; c < COLUMNS; c += LINE) __builtin_prefetch(then + j % PAGE * WIDTH + c * 16);
            for (int c = 0; c < SIDE; c++) {
                const Lanes v = wide(value + c * 16);
                for (int r = 0; r < ROWS; r++) sum[r][c] = Lanes::fma(Lanes::all(weight[r][j]), v, sum[r][c]);
            }
        }
    }
    for (int r = 0; r < ROWS; r++)
        for (int c = 0; c < SIDE; c++) part[r][FIRST + c] = sum[r][c];
    constexpr int NEXT = FIRST + SIDE, REST = COLUMNS - NEXT < SIDE ? COLUMNS - NEXT : SIDE;
    if constexpr (REST > 0) weigh_values<NUMBER, ROWS, COLUMNS, NEXT, REST>(a, start, from, to, newest, weight, part);
}

// Weighs SPAN keys at a time and merges spans in ascending order, every one of them, even where there is but one:
//
//     s[j] = q · k[j]     m_b = max s     p[j] = e^(s[j] - m_b)     l_b = sum p     o_b = sum p[j] · v[j], j ascending
//     m' = max(m, m_b)    a = e^(m - m')    c = e^(m_b - m')    l = l·a + l_b·c    o = o·a + o_b·c
//
// Where keys and values are bytes, s[j] is summed over the parts of its key, each times its scale, and p[j] is multiplied in o_b by its
// value's scale: one product.
//
// Spans lie at absolute positions, so that neither the beginning of a call nor of a window moves them. Keys that a query does not see
// have p = +0 and change no bit, as long as their values are finite; pages that none of the rows sees are not touched.
template <class NUMBER, int ROWS, int COLUMNS>
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
            const NUMBER *keys[PAGES], *next[PAGES];
            for (int p = 0; p < PAGES; p++) {
                const int32_t at = first + p * PAGE, then = at + SPAN;
                const bool seen = at <= newest && at + PAGE > oldest;
                keys[p] = seen ? page_at<NUMBER>(a, a.keys, at / PAGE) : nullptr;
                next[p] = then <= newest ? page_at<NUMBER>(a, a.keys, then / PAGE) : reinterpret_cast<const NUMBER*>(a.keys);
            }
            scores<NUMBER, ROWS, COLUMNS, PAGES>(a.queries, keys, next, score);
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
        if constexpr (has_scales<NUMBER>)
            for (int32_t page = from / PAGE; page * PAGE < to; page++) {
                const Lanes scales = scales_of(page_at<NUMBER>(a, a.values, start / PAGE + page), WIDTH);
                for (int r = 0; r < ROWS; r++) Lanes::mul(Lanes::load(weight[r] + page * PAGE), scales).store(weight[r] + page * PAGE);
            }
        weigh_values<NUMBER, ROWS, COLUMNS, 0, SIDE>(a, start, from, to, newest, weight, part);
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
template <class NUMBER, int ROWS, int COLUMNS>
void attend_together(Attention a) {
    for (; a.rows >= ROWS; a.rows -= ROWS, a.positions += ROWS, a.queries += ROWS * a.width, a.out += ROWS * a.width)
        attend_rows<NUMBER, ROWS, COLUMNS>(a);
    if constexpr (ROWS > 1)
        if (a.rows > 0) attend_together<NUMBER, ROWS - 1, COLUMNS>(a);
}

template <class NUMBER>
void attend_of(const Attention& a) {
    switch (a.width) {
        case 32: return attend_together<NUMBER, MOST_QUERIES, 2>(a);
        case 64: return attend_together<NUMBER, MOST_QUERIES, 4>(a);
        case 96: return attend_together<NUMBER, MOST_QUERIES, 6>(a);
        default: return attend_together<NUMBER, MOST_QUERIES, 8>(a);
    }
}

void attend(const Attention& a) { return a.kept == Kept::INT8 ? attend_of<int8_t>(a) : attend_of<uint16_t>(a); }

}  // namespace
