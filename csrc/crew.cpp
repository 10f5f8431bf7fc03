#include "crew.h"

#include <chrono>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace alize {

namespace {

using Clock = std::chrono::steady_clock;

// Short enough that a core is not held from the server beside it, long enough that two phases seldom need the system between them.
constexpr auto BETWEEN_PHASES = std::chrono::microseconds(40);
constexpr auto BETWEEN_WALKS = std::chrono::microseconds(100);

void pause() {
#if defined(__x86_64__)
    _mm_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

// Look until `holds`, for about `limit`. By time, since a pause takes from 5 to 140 cycles.
template <class Holds>
bool spin(Holds holds, Clock::duration limit) {
    auto end = Clock::now() + limit;
    do {
        for (int i = 0; i < 32; i++) {
            if (holds()) return true;
            pause();
        }
    } while (Clock::now() < end);
    return holds();
}

}  // namespace

Crew::Crew(int threads, std::function<void(int, uint32_t)> program) : program_(std::move(program)) {
    for (int member = 1; member < threads; member++) others_.emplace_back([this, member] { serve(member); });
}

Crew::~Crew() {
    over_.store(true);
    walks_.fetch_add(1);
    walks_.notify_all();
    for (std::thread& other : others_) other.join();
}

void Crew::run() {
    // Phases of this walk lie far beyond those of the last one: whoever is still in it finds all of them over.
    uint32_t first = static_cast<uint32_t>(claim_.load() >> 32) + 2 * END;
    first_.store(first, std::memory_order_relaxed);
    claim_.store(static_cast<uint64_t>(first) << 32, std::memory_order_release);
    walks_.fetch_add(1, std::memory_order_release);
    walks_.notify_all();
    program_(0, walks_.load(std::memory_order_relaxed));
}

bool Crew::wait_for(uint32_t phase) {
    auto over = [&] { return static_cast<int32_t>(static_cast<uint32_t>(claim_.load(std::memory_order_acquire) >> 32) - phase) > 0; };
    while (!spin(over, BETWEEN_PHASES)) std::this_thread::yield();
    return static_cast<int32_t>(static_cast<uint32_t>(claim_.load(std::memory_order_acquire) >> 32) - phase) < END;
}

void Crew::serve(int member) {
    uint32_t seen = 0;
    for (;;) {
        auto begun = [&] { return walks_.load(std::memory_order_acquire) != seen; };
        if (!spin(begun, BETWEEN_WALKS)) walks_.wait(seen, std::memory_order_acquire);
        uint32_t walks = walks_.load(std::memory_order_acquire);
        if (walks == seen) continue;
        seen = walks;
        if (over_.load()) return;
        program_(member, walks);
    }
}

}  // namespace alize
