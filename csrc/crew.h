// Threads that walk through one program together, a phase at a time. Chunks of a phase are claimed, not dealt out: a thread that the
// system takes off its core between two chunks holds nobody up, and comes back to find that phase over.
//
//   claim   phase << 32 | next chunk       one word, so that a late thread cannot claim a chunk of a phase that has ended
//   done    chunks of this phase that are computed
//
// Whoever computes the last chunk opens the next phase by writing the claim. Everything written in a phase is seen in those after it.
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

namespace alize {

class Crew {
public:
    // `threads` includes whoever calls run. `program(member, walk)` is what each walks through; a late member may still be in an
    // earlier walk than the others, so what a walk is about stays where it is for some walks more.
    Crew(int threads, std::function<void(int member, uint32_t walk)> program);
    ~Crew();
    Crew(const Crew&) = delete;
    Crew& operator=(const Crew&) = delete;

    int size() const { return static_cast<int>(others_.size()) + 1; }

    // Walk through the program once, with everybody. Comes back when the last phase of the caller's walk is over.
    // Its number is next().
    void run();
    uint32_t next() const { return walks_.load(std::memory_order_relaxed) + 1; }

    // One member's way through phases. Made anew at the beginning of each walk.
    class Walk {
    public:
        explicit Walk(Crew& crew, uint32_t first) : crew_(crew), phase_(first) {}

        // Compute chunks of the next phase until none is left, then wait until all are done. False where this walk is long over.
        template <class Work>
        bool phase(uint32_t chunks, Work&& work) {
            uint32_t here = phase_++;
            for (;;) {
                uint64_t now = crew_.claim_.load(std::memory_order_acquire);
                int32_t ahead = static_cast<int32_t>(static_cast<uint32_t>(now >> 32) - here);
                if (ahead != 0) return ahead > 0 && ahead < END;
                uint32_t chunk = static_cast<uint32_t>(now);
                if (chunk >= chunks) break;
                if (!crew_.claim_.compare_exchange_weak(now, now + 1, std::memory_order_acq_rel)) continue;
                work(chunk);
                if (crew_.done_.fetch_add(1, std::memory_order_acq_rel) + 1 == chunks) {
                    crew_.done_.store(0, std::memory_order_relaxed);
                    crew_.claim_.store(static_cast<uint64_t>(here + 1) << 32, std::memory_order_release);
                    return true;
                }
            }
            return crew_.wait_for(here);
        }

    private:
        Crew& crew_;
        uint32_t phase_;
    };

    Walk walk() { return Walk(*this, first_.load(std::memory_order_acquire)); }

private:
    static constexpr int32_t END = 1 << 16;  // no walk has so many phases

    bool wait_for(uint32_t phase);
    void serve(int member);

    alignas(128) std::atomic<uint64_t> claim_{0};
    alignas(128) std::atomic<uint32_t> done_{0};
    alignas(128) std::atomic<uint32_t> walks_{0};  // how many were begun; the others wait for it to change
    std::atomic<uint32_t> first_{0};               // phase that the current walk begins with
    std::atomic<bool> over_{false};
    std::function<void(int, uint32_t)> program_;
    std::vector<std::thread> others_;
};

}  // namespace alize
