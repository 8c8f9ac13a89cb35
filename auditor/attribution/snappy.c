/* Snappy's raw format: https://github.com/google/snappy/blob/main/format_description.txt, read on 2026-11-29. */

#include "parquet.h"

/* Eight bytes at a time where they do not overlap; up to 15 too many, which PADDING has room for. */
static inline void copy_back(uint8_t *to, size_t back, size_t size) {
    const uint8_t *from = to - back;
    if (back < 8) {
        for (size_t place = 0; place < size; place++) to[place] = from[place];
        return;
    }
    memcpy(to, from, 8);
    memcpy(to + 8, from + 8, 8);
    for (size_t place = 16; place < size; place += 8) memcpy(to + place, from + place, 8);
}

int64_t parquet_varint(const uint8_t **at, const uint8_t *end) {
    uint64_t value = 0;
    for (int shift = 0; shift < 63 && *at < end; shift += 7) {
        uint8_t byte = *(*at)++;
        value |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80) return (int64_t)value;
    }
    return -1;
}

/* Literals, and copies whose distance has one, two or four bytes: told by tables, for a branch would be a guess. */
static const struct {
    uint32_t lengths, least, more, high, low;
} TAGS[] = {{63, 1, 0, 0, 0}, {7, 4, 1, 0x700, 0xFF}, {63, 1, 2, 0, 0xFFFF}, {63, 1, 4, 0, 0xFFFFFFFF}};

int parquet_unsnap(const uint8_t *at, size_t size, uint8_t *to, size_t room) {
    const uint8_t *end = at + size, *start = to, *stop = to + room;
    if (parquet_varint(&at, end) != (int64_t)room) return -1;
    while (at < end) {
        uint32_t tag = *at++, kind = tag & 3, more;
        size_t length = (tag >> 2 & TAGS[kind].lengths) + TAGS[kind].least;
        memcpy(&more, at, sizeof more);
        if (kind) {
            size_t back = (tag << 3 & TAGS[kind].high) | (more & TAGS[kind].low);
            at += TAGS[kind].more;
            if (back - 1 >= (size_t)(to - start) || length > (size_t)(stop - to)) return -1;
            copy_back(to, back, length);
        } else {
            if (length > 60) {
                uint32_t extra = (uint32_t)length - 60;
                at += extra;
                length = (size_t)(more & UINT32_MAX >> (32 - 8 * extra)) + 1;
            }
            if (at > end || length > (size_t)(end - at) || length > (size_t)(stop - to)) return -1;
            if (length <= 16) memcpy(to, at, 16);
            else memcpy(to, at, length);
            at += length;
        }
        to += length;
    }
    return at == end && to == stop ? 0 : -1;
}
