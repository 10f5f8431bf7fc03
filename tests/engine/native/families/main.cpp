// Every family of processors that runs here, beside the portable one: the same bits from the same numbers.
//
//     families            a line for each family: its name, and the digest of all that it gave
//     families NAMES …    these have to run here, and no others may
//
// The digest is the same on every machine: python scripts/emulate.py compares that of this one with that of an Arm processor which it
// emulates.
#include <cinttypes>
#include <cstring>

#include "core.h"
#include "parts.h"

int main(int count, char** names) {
    const alize::Kernels* portable = alize_kernels("portable");
    auto all = [](const alize::Kernels& kernels) {
        Outputs out;
        for (auto* part : {products, floats, attention, drawing, steps}) part(kernels, out);
        return out;
    };
    const Outputs expected = all(*portable);
    bool right = true;
    std::printf("portable %016" PRIx64 "\n", expected.digest());
    for (const char* name : {"avx2", "avx512", "amx", "dotprod", "i8mm"}) {
        const alize::Kernels* kernels = alize_kernels(name);
        bool wanted = count == 1;
        for (int i = 1; i < count; i++) wanted = wanted || std::strcmp(names[i], name) == 0;
        if (count > 1 && wanted != (kernels != nullptr)) {
            std::printf("%s %s\n", name, kernels != nullptr ? "runs here, and should not" : "does not run here");
            right = false;
        }
        if (kernels == nullptr) continue;
        const Outputs found = all(*kernels);
        right = found.same_as(expected, name, "portable") && right;
        std::printf("%s %016" PRIx64 "\n", name, found.digest());
    }
    std::fprintf(stderr, "%zu bytes compared\n", expected.bytes());
    return right ? 0 : 1;
}
