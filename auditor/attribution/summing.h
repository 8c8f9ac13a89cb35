/* The table of sums: what the readers of lines (lines.c) and of Parquet (parquet.c) put records into. */

#ifndef SUMMING_H
#define SUMMING_H

#include <stddef.h>
#include <stdint.h>

#define MOST_FIELDS 64
#define MOST_ADDRESSES 4
#define MOST_NAMES 3
#define MOST_CHARACTERS 64
#define MOST_NUMBER INT64_C(9999999999999999) /* 16 digits */
#define ADDRESS_ROOM (MOST_ADDRESSES * (MOST_CHARACTERS + 1))
#define PENDING 128

enum { KINDS = 64, HAS_BYTES = 2, OUTSIDE = 1 }; /* kind: a key's number (from 1, 0 is nobody) x KINDS + state */
enum { NO_ACTION = 2, NO_STATUS = 3 }; /* '-', or no such field */
enum added { FAILED = -1, ODD, PLAIN };

struct text {
    const uint8_t *at;
    size_t size;
};

struct places { /* of fields; -1 where a format has none */
    int names[MOST_NAMES], addresses[MOST_ADDRESSES], bytes, start, end, action, status;
};

struct total {
    uint64_t bytes, records;
    int64_t first, last;
};

struct record { /* on its way into the table; addresses each with a space behind it */
    uint64_t hash;
    int64_t bytes, start, end;
    uint32_t kind, size;
    uint8_t text[ADDRESS_ROOM];
};

struct told { /* what a record says, but for its addresses; bytes: -1 where there are none */
    int64_t action, status, bytes, start, end;
};

struct sums {
    int fields, file, addresses, private_only[2];
    struct places place;
    uint64_t seed;
    int64_t window[2];
    uint32_t key_count, key_slots, *key_slot;
    struct text *keys;
    uint8_t *key_text;
    struct total nobody[KINDS];
    struct record *pending;
    uint32_t pending_count;
    uint32_t *slot; /* 0 is free, else where the row is, in words from 1 */
    uint64_t *rows;
    uint8_t *output;
    uint32_t row_count, words, output_size;
    uint64_t records;
};

/* A word's number, or -1; the key's, or 0. */
int sums_action(struct text one);
int sums_status(struct text one);
uint32_t sums_key(const struct sums *sums, struct text name);

static inline int is_dash(struct text one) { return one.size == 1 && *one.at == '-'; }

/* Whether it says something that is not known here: such a record is odd. */
static inline int is_odd(const struct told *told) {
    int64_t least = told->action | told->status | (told->bytes + 1) | told->start | told->end;
    int64_t most = (MOST_NUMBER - told->bytes) | (MOST_NUMBER - told->start) | (MOST_NUMBER - told->end);
    return (least | most) < 0;
}

static inline uint32_t state_of(const struct sums *sums, const struct told *told) {
    int64_t moment = sums->place.start < 0 ? told->end : told->start;
    int is_outside = (moment < sums->window[0]) | (moment >= sums->window[1]);
    return (uint32_t)(told->action << 4 | told->status << 2) | (told->bytes < 0 ? 0 : HAS_BYTES) |
           (is_outside ? OUTSIDE : 0);
}

static inline void add(struct total *total, int64_t bytes, int64_t start, int64_t end) {
    total->bytes += bytes > 0 ? (uint64_t)bytes : 0;
    total->records++;
    total->first = start < total->first ? start : total->first;
    total->last = end > total->last ? end : total->last;
}

/* Adds a record of a key; `addresses` are as many as the format has. FAILED or ODD may speak of earlier ones. */
enum added sums_put(struct sums *sums, uint32_t kind, const struct told *told, const struct text *addresses);

/* Waits for all that was taken: FAILED with errno, or ODD where an address among them was no printable text. */
enum added sums_settle(struct sums *sums);

#endif
