// Matrices of random blocks, as a GGUF file has them, packed. In: a format and a shape. Out: a Matrix and what it points to.
#pragma once
#include <new>
#include <vector>

#include "../../../../csrc/contract.h"
#include "../../../../csrc/pack.h"
#include "numbers.h"

// Bytes at the beginning of a cache line, as kernels take them.
template <class T>
class Aligned {
public:
    explicit Aligned(size_t count) : bytes_(count * sizeof(T)), memory_(static_cast<T*>(::operator new(bytes_ + 64, std::align_val_t(64)))) {
        __builtin_memset(memory_, 0, bytes_ + 64);
    }
    ~Aligned() { ::operator delete(memory_, std::align_val_t(64)); }
    Aligned(const Aligned&) = delete;
    Aligned(Aligned&& other) noexcept : bytes_(other.bytes_), memory_(other.memory_) { other.memory_ = nullptr; }
    T* data() const { return memory_; }
    size_t size() const { return bytes_ / sizeof(T); }

private:
    size_t bytes_;
    T* memory_;
};

struct Packed {
    alize::Matrix matrix;
    Aligned<uint8_t> values;
    Aligned<uint16_t> scales, minimums;
    Aligned<uint8_t> factors;
};

constexpr alize::Format FORMATS[] = {alize::Format::Q4_0, alize::Format::Q4_1, alize::Format::Q5_0, alize::Format::Q5_1, alize::Format::Q8_0,
                                     alize::Format::Q4_K, alize::Format::Q5_K, alize::Format::Q6_K, alize::Format::F16, alize::Format::BF16};
constexpr const char* name_of(alize::Format format) {
    constexpr const char* names[] = {"Q4_1", "Q4_0", "Q8_0", "Q4_K", "Q5_K", "Q6_K", "Q5_0", "Q5_1", "F16", "BF16"};
    return names[static_cast<int>(format)];
}

// `rows` of weights, and such that are zero up to a multiple of 16. `extreme`: of the smallest and the largest whole numbers alone. Scales of
// about `size`, some of them below the normal numbers of their sixteen bits, or zero.
Packed packed(Numbers& numbers, alize::Format format, int32_t rows, int32_t columns, bool extreme = false, float size = 0.01f);
