// What kernels gave, to be compared bit by bit. In: arrays, each under a name. Out: where two of these differ, and one number for all.
//
// That a number is none counts, but not which of these it is: processors write different ones, and contract.h promises none.
#pragma once
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

class Outputs {
public:
    template <class T> void add(std::string name, const T* from, size_t count) {
        std::vector<uint8_t> bytes(count * sizeof(T));
        for (size_t i = 0; i < count; i++) {
            T number = from[i];
            if constexpr (std::is_floating_point_v<T>)
                if (number != number) number = static_cast<T>(__builtin_nanf(""));
            std::memcpy(bytes.data() + i * sizeof(T), &number, sizeof(T));
        }
        arrays_.push_back({std::move(name), sizeof(T), std::move(bytes)});
    }
    template <class T> void add(std::string name, const std::vector<T>& from) { add(std::move(name), from.data(), from.size()); }
    void add_bfloat16(std::string name, const std::vector<uint16_t>& from) {
        std::vector<uint16_t> same = from;
        for (uint16_t& each : same) each = (each & 0x7fff) > 0x7f80 ? 0x7fc0 : each;
        add(std::move(name), same);
    }

    // Says where the first difference is.
    bool same_as(const Outputs& other, const char* ours, const char* theirs) const {
        if (arrays_.size() != other.arrays_.size()) return false;
        for (size_t i = 0; i < arrays_.size(); i++) {
            const Array &a = arrays_[i], &b = other.arrays_[i];
            for (size_t at = 0; at < a.bytes.size(); at += a.size)
                if (std::memcmp(a.bytes.data() + at, b.bytes.data() + at, a.size) != 0) {
                    std::printf("%s, number %zu: %s of %s, %s of %s\n", a.name.c_str(), at / a.size, hexadecimal(a, at).c_str(), ours,
                                hexadecimal(b, at).c_str(), theirs);
                    return false;
                }
        }
        return true;
    }

    uint64_t digest() const {  // FNV-1a
        uint64_t all = 0xcbf29ce484222325;
        for (const Array& array : arrays_)
            for (uint8_t byte : array.bytes) all = (all ^ byte) * 0x100000001b3;
        return all;
    }
    size_t bytes() const {
        size_t all = 0;
        for (const Array& array : arrays_) all += array.bytes.size();
        return all;
    }

private:
    struct Array {
        std::string name;
        size_t size;  // of a number
        std::vector<uint8_t> bytes;
    };

    static std::string hexadecimal(const Array& array, size_t at) {
        std::string text = "0x";
        for (size_t i = array.size; i-- > 0;) {
            char two[3];
            std::snprintf(two, sizeof two, "%02x", array.bytes[at + i]);
            text += two;
        }
        return text;
    }

    std::vector<Array> arrays_;
};
