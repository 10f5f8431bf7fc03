// Memory of a step: one piece, cut into arrays; and rows that are quantised into it.
#pragma once
#include <cstring>

#include "contract.h"
#include "kernels.h"

namespace alize {

// Memory at the beginning of a cache line, as large as it has ever had to be.
class Buffer {
public:
    ~Buffer();
    Buffer() = default;
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;
    void* at_least(size_t bytes);  // contents are lost where it grows. Throws std::bad_alloc
    template <class T> T* as() const { return static_cast<T*>(memory_); }

private:
    void* memory_ = nullptr;
    size_t bytes_ = 0;
};

// Quantised rows that are written and read.
struct Integers {
    int8_t* integers;
    float* scales;
    float* sums;
    float* halves;
    uint8_t* marks;
    float* apart;
    float* numbers;  // null where no weights are floats
    int32_t stride, blocks, groups, marks_stride, numbers_stride;
    // Numbers of row r, from column `first` on, a multiple of a block.
    void write(const Kernels& kernels, const float* x, int32_t columns, int32_t r, int32_t first = 0) const {
        const size_t row = static_cast<size_t>(r), block = static_cast<size_t>(first) / BLOCK;
        kernels.quantise(x, columns, integers + row * stride + first, scales + row * blocks + block, sums + row * groups + block,
                         halves + (row * groups + block) * 2, marks + row * marks_stride + block, apart + row * blocks + block);
        if (numbers != nullptr) std::memcpy(numbers + row * numbers_stride + first, x, static_cast<size_t>(columns) * sizeof(float));
    }
    // A row as another has it, of as many columns.
    void copy(const Integers& from, int32_t row, int32_t r) const {
        const size_t source = static_cast<size_t>(row), into = static_cast<size_t>(r), b = static_cast<size_t>(blocks), g = static_cast<size_t>(groups);
        std::memcpy(integers + into * stride, from.integers + source * stride, static_cast<size_t>(stride));
        std::memcpy(scales + into * b, from.scales + source * b, b * sizeof(float));
        std::memcpy(sums + into * g, from.sums + source * g, g * sizeof(float));
        std::memcpy(halves + into * g * 2, from.halves + source * g * 2, g * 2 * sizeof(float));
        std::memcpy(marks + into * marks_stride, from.marks + source * marks_stride, static_cast<size_t>(marks_stride));
        std::memcpy(apart + into * b, from.apart + source * b, b * sizeof(float));
        if (numbers != nullptr)
            std::memcpy(numbers + into * numbers_stride, from.numbers + source * numbers_stride, static_cast<size_t>(numbers_stride) * sizeof(float));
    }
    Rows rows() const { return {integers, scales, sums, halves, marks, apart, numbers, stride, blocks, groups, marks_stride, numbers_stride}; }
};

// A piece of memory cut into arrays, each at the beginning of a cache line. Without memory it only counts.
class Cutter {
public:
    explicit Cutter(void* memory) : memory_(static_cast<char*>(memory)) {}
    template <class T> T* take(size_t count) {
        size_t at = used_;
        used_ += (count * sizeof(T) + 127) / 128 * 128;
        return memory_ == nullptr ? nullptr : reinterpret_cast<T*>(memory_ + at);
    }
    Integers integers(int32_t rows, int32_t columns, bool floats) {
        const int32_t blocks = columns / BLOCK;
        Integers made{};
        made.stride = columns + 64;
        made.blocks = blocks;
        made.groups = columns / GROUP;
        made.marks_stride = (blocks + 7) / 8 * 8;
        made.numbers_stride = columns + 16;
        made.integers = take<int8_t>(static_cast<size_t>(rows) * made.stride);
        made.scales = take<float>(static_cast<size_t>(rows) * made.blocks);
        made.sums = take<float>(static_cast<size_t>(rows) * made.groups);
        made.halves = take<float>(static_cast<size_t>(rows) * made.groups * 2);
        made.marks = take<uint8_t>(static_cast<size_t>(rows) * made.marks_stride);
        made.apart = take<float>(static_cast<size_t>(rows) * made.blocks);
        if (floats) made.numbers = take<float>(static_cast<size_t>(rows) * made.numbers_stride);
        if (made.marks != nullptr) std::memset(made.marks, 0, static_cast<size_t>(rows) * made.marks_stride);  // behind the last block
        return made;
    }
    size_t used() const { return used_; }

private:
    char* memory_;
    size_t used_ = 0;
};

}  // namespace alize
