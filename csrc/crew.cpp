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
    asm volatile("isb");  // takes about as long as the other's pause; "yield" is over at once
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

// As the contract has it, whatever a library of the same process has set: to the nearest, and small numbers are not zero.
class Rounding {
#if defined(__x86_64__)
public:
    Rounding() : before_(_mm_getcsr()) { _mm_setcsr(0x1f80); }
    ~Rounding() { _mm_setcsr(before_); }

private:
    unsigned before_;
#elif defined(__aarch64__)
public:
    Rounding() {
        asm volatile("mrs %0, fpcr" : "=r"(before_));
        asm volatile("msr fpcr, %0" : : "r"(uint64_t{0}) : "memory");
    }
    ~Rounding() { asm volatile("msr fpcr, %0" : : "r"(before_) : "memory"); }

private:
    uint64_t before_;
#endif
};

}  // namespace

Crew::Crew(int threads, std::function<void(int, uint32_t)> program) : program_(std::move(program)) {
    try {
        for (int member = 1; member < threads; member++) others_.emplace_back([this, member] { serve(member); });
    } catch (...) {  // the system gives no more threads
        end();
        throw;
    }
}

Crew::~Crew() { end(); }

void Crew::end() {
    over_.store(true);
    walks_.fetch_add(1);
    walks_.notify_all();
    for (std::thread& other : others_) other.join();
}

void Crew::run() {
    uint32_t walk = next();
    open(first_of(walk));
    walks_.store(walk, std::memory_order_release);
    walks_.notify_all();
    Rounding same;
    program_(0, walk);
}

void Crew::open(uint64_t claim) {
    claim_.store(claim, std::memory_order_release);
    claim_.notify_all();
}

bool Crew::wait_for(uint64_t phase) {
    uint64_t now;
    auto over = [&] { return ((now = claim_.load(std::memory_order_acquire)) ^ phase) >= ONE_PHASE; };
    // All chunks of the phase are claimed, so the word stays as it is until the phase is over.
    while (!spin(over, BETWEEN_PHASES)) claim_.wait(now, std::memory_order_acquire);
    return (now ^ phase) < ONE_WALK;
}

void Crew::serve(int member) {
    Rounding same;
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
