// Numbers that are the same on every machine. In: a seed. Out: whole numbers, floats, and rows of them that are hard to compute.
#pragma once
#include <cstdint>
#include <limits>
#include <vector>

class Numbers {
public:
    explicit Numbers(uint64_t seed) : state_(seed) {}

    uint64_t next() {  // splitmix64
        uint64_t z = state_ += 0x9e3779b97f4a7c15;
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
        z = (z ^ z >> 27) * 0x94d049bb133111eb;
        return z ^ z >> 31;
    }
    int32_t below(int32_t end) { return static_cast<int32_t>(next() % static_cast<uint64_t>(end)); }
    // About normal: the sum of four numbers of sixteen bits, exact.
    float some() {
        const uint64_t z = next();
        const auto sum = static_cast<int32_t>((z & 0xffff) + (z >> 16 & 0xffff) + (z >> 32 & 0xffff) + (z >> 48));
        return static_cast<float>(sum - 131070) * 0x1p-15f;
    }
    float sign() { return below(2) == 0 ? 1.0f : -1.0f; }
    std::vector<float> some(size_t count, float size = 1.0f) {
        std::vector<float> made(count);
        for (float& each : made) each = some() * size;
        return made;
    }

private:
    uint64_t state_;
};

// What a row is like. EVERY is how many there are.
enum Kind { ORDINARY, SATURATING, ZEROS, DENORMAL, APART, TIES, VAST, INFINITE, NOT_A_NUMBER, WIDE, SMALL, EVERY };

inline void fill(Numbers& numbers, int kind, float* row, int32_t columns) {
    for (int32_t k = 0; k < columns; k++) {
        const float some = numbers.some(), sign = numbers.sign();
        switch (kind) {
            case SATURATING: row[k] = 3.0f * sign; break;              // all of them ±127
            case ZEROS: row[k] = 0.0f * sign; break;
            case DENORMAL: row[k] = some * 1e-40f; break;
            case TIES: row[k] = k % 32 == 0 ? 127.0f : static_cast<float>(numbers.below(253)) * 0.5f - 63.0f; break;  // halves of whole numbers
            case VAST: row[k] = some * 0x1p124f; break;                // products of them are infinite
            case WIDE: row[k] = some * static_cast<float>(uint64_t{1} << numbers.below(60)) * 0x1p-30f; break;
            case SMALL: row[k] = some * 1e-36f; break;                 // on both sides of what has a scale
            default: row[k] = some;
        }
    }
    if (kind == APART)
        for (int32_t k = numbers.below(32); k < columns; k += 32 + numbers.below(3) - 1) row[k] = 200.0f * numbers.sign();
    if (kind == INFINITE) row[numbers.below(columns)] = std::numeric_limits<float>::infinity() * numbers.sign();
    if (kind == NOT_A_NUMBER) row[numbers.below(columns)] = std::numeric_limits<float>::quiet_NaN();
}

// One below the other, of every kind in turn.
inline std::vector<float> rows_of_every_kind(Numbers& numbers, int32_t rows, int32_t columns) {
    std::vector<float> made(static_cast<size_t>(rows) * static_cast<size_t>(columns));
    for (int32_t r = 0; r < rows; r++) fill(numbers, r % EVERY, made.data() + static_cast<size_t>(r) * static_cast<size_t>(columns), columns);
    return made;
}
