#include "memory.h"

#include <cstdlib>
#include <new>

namespace alize {

Buffer::~Buffer() { std::free(memory_); }

void* Buffer::at_least(size_t bytes) {
    if (bytes <= bytes_) return memory_;
    size_t rounded = (bytes + 4095) / 4096 * 4096;
    void* larger = std::aligned_alloc(4096, rounded);
    if (larger == nullptr) throw std::bad_alloc();
    std::free(memory_);
    memory_ = larger;
    bytes_ = rounded;
    return memory_;
}

}  // namespace alize
