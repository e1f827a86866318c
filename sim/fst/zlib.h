// The functions of zlib that Verilator's writer of FST files calls, so that recording waves needs no
// development package. Stores instead of compressing (RFC 1950 and 1951): what passes through here
// is a small part of a file, and the writer keeps its own bytes where these are more.

#ifndef LUTSCALE_ZLIB_H
#define LUTSCALE_ZLIB_H

#include <cstdint>
#include <cstring>
#include <initializer_list>

using Bytef = unsigned char;
using uLong = unsigned long;
using uLongf = unsigned long;

constexpr int Z_OK = 0;
constexpr int Z_BUF_ERROR = -5;

// Two bytes in front, four behind, and five for each block of at most 65,535.
inline uLong compressBound(uLong size) { return size + 5 * (size / 65535 + 1) + 6; }

inline int compress2(Bytef* target, uLongf* room, const Bytef* source, uLong size, int /*level*/) {
    if (*room < compressBound(size)) return Z_BUF_ERROR;
    Bytef* out = target;
    *out++ = 0x78;
    *out++ = 0x01;
    uint32_t a = 1, b = 0;  // Adler-32
    uLong done = 0;
    do {
        const uLong part = size - done < 65535 ? size - done : 65535;
        const uint16_t length = static_cast<uint16_t>(part);
        *out++ = done + part == size;
        for (const uint16_t field : {length, static_cast<uint16_t>(~length)}) {
            *out++ = static_cast<Bytef>(field);
            *out++ = static_cast<Bytef>(field >> 8);
        }
        for (uLong k = 0; k < part; ++k) {
            a = (a + source[done + k]) % 65521;
            b = (b + a) % 65521;
        }
        if (part != 0) std::memcpy(out, source + done, part);
        out += part;
        done += part;
    } while (done != size);
    for (const uint32_t half : {b, a}) {
        *out++ = static_cast<Bytef>(half >> 8);
        *out++ = static_cast<Bytef>(half);
    }
    *room = static_cast<uLongf>(out - target);
    return Z_OK;
}

#endif
