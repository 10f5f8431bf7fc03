// A model, its cache and its threads. In: steps. Out: logits.
#pragma once
#include <memory>
#include <vector>

#include "contract.h"
#include "crew.h"
#include "memory.h"
#include "model.h"

namespace alize {

class Session {
public:
    Session(const Model& model, const Kernels& kernels, int threads);
    ~Session();
    void give_cache(std::vector<Cache> caches) { caches_ = std::move(caches); }
    // Throws std::bad_alloc before anything is written.
    void run(const Step& step);
    int threads() const { return crew_.size(); }

private:
    struct Scratch;  // of one member
    struct Job;      // of one walk

    void walk(int member, uint32_t number);
    void prepare(Job& job);
    void choices(Job& job, Cutter& cut);
    bool layer(Crew::Walk& walk, const Job& job, int index, Scratch& own);
    bool experts(Crew::Walk& walk, const Job& job, const Layer& layer, Scratch& own);
    void gate_and_up(const FeedForward& w, int32_t first, int32_t width, const Rows& x, int32_t row, int32_t height, float* tile);
    void gate(const float* tile, int32_t first, int32_t width, int32_t row, int32_t height, const Integers& into);
    void widen(const Job& job, int index, LowRank Adapter::*which, int32_t first, int32_t last, int32_t row, int32_t height, float* y,
               size_t stride);
    void project(const Job& job, const Layer& layer, int index, const Integers& x, int32_t head, int32_t first, int32_t last, Scratch& own);
    void attend(const Job& job, const Layer& layer, int index, int32_t item, Scratch& own);

    const Model model_;
    std::vector<Layer> layers_;
    const bool floats_;  // whether some weights are
    const Kernels& kernels_;
    std::vector<Cache> caches_;
    Buffer memory_;
    std::vector<std::unique_ptr<Scratch>> scratch_;
    std::vector<std::unique_ptr<Job>> jobs_;
    Crew crew_;  // last: its threads use the rest and itself, and end first; a pointer to it may be null by then
};

}  // namespace alize
