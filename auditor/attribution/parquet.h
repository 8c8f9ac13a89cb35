/* Columns of Parquet: what is known of a chunk, of its page, and of the rows that are looked at together. */

#ifndef PARQUET_H
#define PARQUET_H

#include "summing.h"

#include <string.h>

#define PADDING 64 /* behind what a buffer holds, so that a few bytes may be copied or looked at together */
#define MOST_PAGE (INT64_C(16) << 20)
#define BATCH 512

enum codec { UNCOMPRESSED, SNAPPY };
enum encoding { PLAIN_VALUES = 0, PLAIN_DICTIONARY = 2, RLE = 3, BIT_PACKED = 4, RLE_DICTIONARY = 8 };
enum { NONE = -1, ODD_VALUE = -2 };

/* Fills `to` from `from` by a codec that is not known here: 0 where it makes exactly `room` bytes. */
typedef int unpacker(int codec, const uint8_t *from, size_t size, uint8_t *to, size_t room);

struct chunk { /* as the footer has it; `size` is 0 for a column that is not used */
    int64_t at, size, width, codec, is_optional; /* width: of numbers in bytes, 0 is text */
};

struct buffer {
    uint8_t *at;
    size_t room;
};

struct run { /* of the hybrid of run lengths and packed bits */
    const uint8_t *at, *end;
    uint32_t width, left, value;
    uint64_t bit; /* of a packed run, the next one from `at` */
    int is_packed;
};

struct column {
    struct chunk chunk;
    char letter; /* as in `sums_new` */
    int64_t at, end, rows; /* what is left of the chunk: bytes from:to of the file, rows behind this page */
    uint32_t left;         /* rows of this page */
    int is_coded;
    struct run levels, codes;
    const uint8_t *value, *value_end;
    uint32_t word_count, word_room;
    struct text *words;
    int64_t *numbers;
    struct buffer packed, page, dictionary;
    struct text text[BATCH]; /* of an address */
    int64_t number[BATCH];   /* of anything else: the number itself, of a key, of a known word */
};

struct parquet {
    struct sums *sums;
    unpacker *unpack;
    int file, count;
    struct column *columns;
};

/* Seven bits a byte; -1 where they do not end. */
int64_t parquet_varint(const uint8_t **at, const uint8_t *end);

/* 0 where it makes exactly `room` bytes. */
int parquet_unsnap(const uint8_t *at, size_t size, uint8_t *to, size_t room);

/* The next page of a chunk, its dictionary perhaps; -1 where it is odd. */
int parquet_next_page(struct parquet *all, struct column *column);

static inline int take_text(const uint8_t **at, const uint8_t *end, struct text *text) {
    uint32_t size;
    if (end - *at < 4) return -1;
    memcpy(&size, *at, 4);
    if (size > (size_t)(end - *at) - 4) return -1;
    *text = (struct text){*at + 4, size};
    *at += 4 + (size_t)size;
    return 0;
}

static inline int64_t number_at(const uint8_t *at, int64_t width) {
    int64_t eight;
    int32_t four;
    if (width == 4) return memcpy(&four, at, 4), four < 0 ? ODD_VALUE : four;
    return memcpy(&eight, at, 8), eight < 0 ? ODD_VALUE : eight;
}

/* What a text is in a column that is no address: the number of a key (0 is another one's) or of a known word. */
static inline int64_t meaning_of(const struct sums *sums, const struct column *column, struct text one) {
    if (column->letter == 'c') return sums_action(one);
    if (column->letter == 'l') return sums_status(one);
    return is_dash(one) ? NONE : (int64_t)sums_key(sums, one);
}

#endif
