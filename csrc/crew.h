// Threads that walk through one program together, a phase at a time. Chunks of a phase are claimed, not dealt out: a thread that the
// system takes off its core between two chunks holds nobody up, and comes back to find that phase over.
//
//   claim   walk | phase | next chunk      one word, so that a late thread cannot claim a chunk of a phase, or of a walk, that has ended
//   done    chunks of this phase that are computed
//
// Whoever computes the last chunk opens the next phase by writing the claim. Everything written in a phase is seen in those after it.
// A walk's phases follow from its number alone, so that whoever begins one late looks for its own phases and never for another's.
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

    // One member's way through the phases of the walk of that number.
    class Walk {
    public:
        Walk(Crew& crew, uint32_t number) : crew_(crew), here_(first_of(number)) {}

        // Compute chunks of the next phase until none is left, then wait until all are done. False where this walk is over.
        template <class Work>
        bool phase(uint32_t chunks, Work&& work) {
            uint64_t here = here_;
            here_ += ONE_PHASE;
            for (;;) {
                uint64_t now = crew_.claim_.load(std::memory_order_acquire);
                if ((now ^ here) >= ONE_PHASE) return (now ^ here) < ONE_WALK;
                uint64_t chunk = now - here;
                if (chunk >= chunks) break;
                if (!crew_.claim_.compare_exchange_weak(now, now + 1, std::memory_order_acq_rel)) continue;
                work(static_cast<uint32_t>(chunk));
                if (crew_.done_.fetch_add(1, std::memory_order_acq_rel) + 1 == chunks) {
                    crew_.done_.store(0, std::memory_order_relaxed);
                    crew_.open(here + ONE_PHASE);
                    return true;
                }
            }
            return crew_.wait_for(here);
        }

    private:
        Crew& crew_;
        uint64_t here_;  // the claim with which its next phase begins
    };

private:
    // 24 bits of chunk, 14 of phase (1,365 layers with adapters and experts), 26 of walk: a member would have to miss 67 million of them to be mistaken.
    static constexpr uint64_t ONE_PHASE = 1ull << 24, ONE_WALK = ONE_PHASE << 14;
    static constexpr uint64_t first_of(uint32_t walk) { return walk * ONE_WALK; }

    void open(uint64_t claim);
    void end();
    bool wait_for(uint64_t phase);
    void serve(int member);

    alignas(128) std::atomic<uint64_t> claim_{0};
    alignas(128) std::atomic<uint32_t> done_{0};
    alignas(128) std::atomic<uint32_t> walks_{0};  // how many were begun; the others wait for it to change
    std::atomic<bool> over_{false};
    std::function<void(int, uint32_t)> program_;
    std::vector<std::thread> others_;
};

}  // namespace alize
