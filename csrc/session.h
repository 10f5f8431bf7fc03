// A model, its cache and its threads. In: steps. Out: logits.
#pragma once
#include <memory>
#include <vector>

#include "contract.h"
#include "crew.h"
#include "model.h"

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
    uint8_t* marks;
    float* apart;
    int32_t stride, blocks, groups, marks_stride;
    // Numbers of row r, from column `first` on, a multiple of a block.
    void write(const Kernels& kernels, const float* x, int32_t columns, int32_t r, int32_t first = 0) const {
        const size_t row = static_cast<size_t>(r), block = static_cast<size_t>(first) / BLOCK;
        kernels.quantise(x, columns, integers + row * stride + first, scales + row * blocks + block, sums + (row * groups + block) * 2,
                         marks + row * marks_stride + block, apart + row * blocks + block);
    }
    Rows rows() const { return {integers, scales, sums, marks, apart, stride, blocks, groups, marks_stride}; }
};

class Session {
public:
    Session(const Model& model, const Kernels& kernels, int threads);
    ~Session();
    void give_cache(std::vector<Cache> caches) { caches_ = std::move(caches); }
    // Throws std::bad_alloc before anything is written.
    void run(const Step& step);
    int threads() const { return crew_->size(); }

private:
    struct Scratch;  // of one member
    struct Job;      // of one walk

    void walk(int member, uint32_t number);
    void prepare(Job& job);
    bool layer(Crew::Walk& walk, const Job& job, int index, Scratch& own);
    void widen(const Job& job, int index, LowRank Adapter::*which, int32_t first, int32_t last, int32_t row, int32_t height, float* y,
               size_t stride);
    void project(const Job& job, const Layer& layer, int index, const Integers& x, int32_t head, int32_t first, int32_t last, Scratch& own);
    void attend(const Job& job, const Layer& layer, int index, int32_t item, Scratch& own);

    const Model model_;
    std::vector<Layer> layers_;
    const Kernels& kernels_;
    std::vector<Cache> caches_;
    Buffer memory_;
    std::vector<std::unique_ptr<Scratch>> scratch_;
    std::vector<std::unique_ptr<Job>> jobs_;
    std::unique_ptr<Crew> crew_;  // last: its threads use the rest, and end first
};

}  // namespace alize
