// The two functions of LZ4 that Verilator's writer of FST files calls, so that recording waves needs
// no development package. Writes the LZ4 block format, as greedily as the original's default:
// https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md

#ifndef LUTSCALE_LZ4_H
#define LUTSCALE_LZ4_H

#include <cstdint>
#include <cstring>

namespace lutscale_lz4 {

constexpr int kMinMatch = 4;
constexpr int kLastLiterals = 5;   // a block ends with at least these
constexpr int kMatchMargin = 12;   // and no match begins later than this before its end
constexpr int kMaxOffset = 65535;
constexpr int kHashBits = 12;

inline uint32_t word(const uint8_t* at) {
    uint32_t value;
    std::memcpy(&value, at, sizeof value);
    return value;
}

// Lengths of 15 and more go on in bytes, each worth up to 255.
inline uint8_t* length(uint8_t* out, int rest) {
    for (; rest >= 255; rest -= 255) *out++ = 255;
    *out++ = static_cast<uint8_t>(rest);
    return out;
}

// Literals from `from` to `to`, then a match of `match` bytes `offset` back, or none.
inline uint8_t* sequence(uint8_t* out, const uint8_t* from, const uint8_t* to, int offset, int match) {
    const int literals = static_cast<int>(to - from);
    const int more = match - kMinMatch;
    const int low = match == 0 ? 0 : more < 15 ? more : 15;
    *out++ = static_cast<uint8_t>((literals < 15 ? literals : 15) << 4 | low);
    if (literals >= 15) out = length(out, literals - 15);
    if (literals > 0) std::memcpy(out, from, literals);
    out += literals;
    if (match != 0) {
        *out++ = static_cast<uint8_t>(offset);
        *out++ = static_cast<uint8_t>(offset >> 8);
        if (more >= 15) out = length(out, more - 15);
    }
    return out;
}

}  // namespace lutscale_lz4

inline int LZ4_compressBound(int size) { return size + size / 255 + 16; }

// `capacity` is the bound above: whatever the input, its block fits.
inline int LZ4_compress_default(const char* source, char* target, int size, int /*capacity*/) {
    using namespace lutscale_lz4;
    // Where each hash was seen last, counted over all calls: nothing has to be cleared for the
    // next of many short inputs.
    static thread_local uint32_t seen[1 << kHashBits];
    static thread_local uint32_t base = 1;
    if (base > 0x40000000u) {
        std::memset(seen, 0, sizeof seen);
        base = 1;
    }
    const uint8_t* const begin = reinterpret_cast<const uint8_t*>(source);
    const uint8_t* const end = begin + size;
    const uint8_t* literal = begin;
    uint8_t* out = reinterpret_cast<uint8_t*>(target);
    for (const uint8_t* at = begin; end - at > kMatchMargin;) {
        uint32_t& slot = seen[word(at) * 2654435761u >> (32 - kHashBits)];
        const uint32_t place = base + static_cast<uint32_t>(at - begin);
        const uint32_t back = place - slot;
        const bool here = slot >= base && back <= kMaxOffset && word(at - back) == word(at);
        slot = place;
        if (!here) {
            ++at;
            continue;
        }
        const uint8_t* stop = at + kMinMatch;
        while (stop < end - kLastLiterals && *stop == *(stop - back)) ++stop;
        out = sequence(out, literal, at, static_cast<int>(back), static_cast<int>(stop - at));
        literal = at = stop;
    }
    out = sequence(out, literal, end, 0, 0);
    base += static_cast<uint32_t>(size) + 1;
    return static_cast<int>(out - reinterpret_cast<uint8_t*>(target));
}

#endif
