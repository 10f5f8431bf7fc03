// Which kernels this processor can run. Compiled for the oldest one that the program supports.
#include "kernels.h"

#include <cstring>
#if defined(ALIZE_AMX)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif
#if defined(__aarch64__) && defined(__APPLE__)
#include <sys/sysctl.h>
#elif defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif

namespace alize {

namespace {

#if defined(__aarch64__) && defined(__APPLE__)
bool has(const char* feature) {
    int there = 0;
    size_t size = sizeof there;
    return sysctlbyname(feature, &there, &size, nullptr, 0) == 0 && there != 0;
}
bool has_dot_products() { return has("hw.optional.arm.FEAT_DotProd"); }
bool has_matrix_products() { return has("hw.optional.arm.FEAT_I8MM"); }
#elif defined(__aarch64__) && defined(__linux__)
// The bits of asm/hwcap.h, whose older versions do not have them all.
bool has_dot_products() { return (getauxval(AT_HWCAP) & 1ul << 20) != 0; }
bool has_matrix_products() { return (getauxval(AT_HWCAP2) & 1ul << 13) != 0; }
#elif defined(__aarch64__)
bool has_dot_products() { return false; }
bool has_matrix_products() { return false; }
#endif

#if defined(ALIZE_AMX)
// Tiles are there, the system saves them for threads, and lets this process use them: it must be asked, for they are large. It
// refuses where a thread has an alternate stack for signals that is too small for them, and later refuses such stacks.
bool has_tiles() {
    unsigned a, b, c, d;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || (d >> 24 & 3) != 3) return false;  // AMX-TILE, AMX-INT8
    constexpr long ASK = 0x1023, DATA_OF_TILES = 18;  // ARCH_REQ_XCOMP_PERM of asm/prctl.h, since Linux 5.16
    return syscall(SYS_arch_prctl, ASK, DATA_OF_TILES) == 0;
}
#endif

bool runs_here(const Kernels& kernels) {
#if defined(ALIZE_AMX)
    if (&kernels == &amx) return runs_here(avx512) && has_tiles();
#endif
#if defined(__x86_64__)
    __builtin_cpu_init();  // asks the processor and, for the width of registers, what the system saves of them
    if (&kernels == &avx2) return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c") &&
                                      __builtin_cpu_supports("bmi2");
    if (&kernels == &avx512)
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
               __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("bmi2");
#elif defined(__aarch64__)
    if (&kernels == &dotprod) return has_dot_products();
    if (&kernels == &i8mm) return has_dot_products() && has_matrix_products();
#endif
    return &kernels == &portable;
}

}  // namespace

const Kernels* choose_kernels(const char* wish) {
    const Kernels* const fastest_first[] = {
#if defined(ALIZE_AMX)
        &amx,
#endif
#if defined(__x86_64__)
        &avx512, &avx2,
#elif defined(__aarch64__)
        &i8mm, &dotprod,
#endif
        &portable};
    for (const Kernels* kernels : fastest_first)
        if (runs_here(*kernels) && (wish == nullptr || *wish == '\0' || std::strcmp(wish, kernels->name) == 0)) return kernels;
    return nullptr;
}

}  // namespace alize
