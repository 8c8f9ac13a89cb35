/* Pages of a column chunk: their headers (Thrift's compact protocol), what they are packed by, and dictionaries.

https://github.com/apache/parquet-format, read on 2026-11-29. */

#include "parquet.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define MOST_HEADER 4096
#define MOST_WORDS (INT64_C(1) << 20)

enum page { DATA_PAGE = 0, DICTIONARY_PAGE = 2, DATA_PAGE_V2 = 3 };

/* Headers of pages */

struct walk {
    const uint8_t *at, *end;
    int is_odd;
};

static uint64_t walk_varint(struct walk *walk) {
    int64_t value = parquet_varint(&walk->at, walk->end);
    if (value < 0) walk->is_odd = 1, walk->at = walk->end;
    return (uint64_t)value;
}

static int64_t walk_number(struct walk *walk) {
    uint64_t value = walk_varint(walk);
    return (int64_t)(value >> 1 ^ -(value & 1));
}

static void walk_text(struct walk *walk) {
    uint64_t size = walk_varint(walk);
    if (size > (uint64_t)(walk->end - walk->at)) walk->is_odd = 1, walk->at = walk->end;
    else walk->at += size;
}

enum { TRUE = 1, FALSE = 2, I16 = 4, I32 = 5, I64 = 6, BINARY = 8, STRUCT = 12 };
enum { FIELDS = 16, MOST_DEPTH = 3 };
enum { IN_DATA = 5 * FIELDS, IN_DICTIONARY = 7 * FIELDS, IN_DATA_V2 = 8 * FIELDS, IS_PACKED = IN_DATA_V2 + 7 };

/* The numbers of a struct, by their ids; those of a struct in field N from N x FIELDS. Others are passed over. */
static void walk_struct(struct walk *walk, int64_t *numbers, int first, int depth) {
    int64_t id = 0;
    while (walk->at < walk->end && *walk->at) {
        int kind = *walk->at & 15, step = *walk->at++ >> 4;
        id = step ? id + step : walk_number(walk);
        int is_known = depth < 2 && id > 0 && id < FIELDS, is_bool = kind == TRUE || kind == FALSE;
        int place = is_known ? first + (int)id : 0;
        int64_t number = kind == TRUE;
        if (kind == I16 || kind == I32 || kind == I64) number = walk_number(walk);
        else if (kind == BINARY) walk_text(walk);
        else if (kind == STRUCT && depth < MOST_DEPTH)
            walk_struct(walk, numbers, place * FIELDS, is_known ? depth + 1 : MOST_DEPTH);
        else if (!is_bool) walk->is_odd = 1;
        if (walk->is_odd) return;
        if (is_known && (place == IS_PACKED ? is_bool : kind == I32)) numbers[place] = number;
    }
    if (walk->at++ >= walk->end) walk->is_odd = 1;
}

struct header {
    int64_t kind, size, packed, values, encoding, level_encoding, level_size, is_packed;
    int64_t length; /* of the header itself */
};

static int is_size(int64_t size) { return size >= 0 && size <= MOST_PAGE; }

/* The numbers from the first must be there. */
static int are_given(const int64_t *numbers, int count) {
    for (int number = 1; number <= count; number++)
        if (numbers[number] < 0) return 0;
    return 1;
}

static int is_of_levels(int64_t encoding) { return encoding == RLE || encoding == BIT_PACKED; }

static int read_header(const uint8_t *at, size_t size, struct header *header) {
    int64_t numbers[FIELDS * FIELDS];
    struct walk walk = {at, at + size, 0};
    for (int number = 0; number < FIELDS * FIELDS; number++) numbers[number] = NONE;
    walk_struct(&walk, numbers, 0, 0);
    const int64_t *one = numbers + IN_DATA, *two = numbers + IN_DATA_V2, *words = numbers + IN_DICTIONARY;
    *header = (struct header){numbers[1], numbers[2], numbers[3], NONE, NONE, RLE, 0, 1, walk.at - at};
    if (header->kind == DATA_PAGE && are_given(one, 4) && is_of_levels(one[3]) && is_of_levels(one[4])) {
        header->values = one[1], header->encoding = one[2], header->level_encoding = one[3];
    } else if (header->kind == DATA_PAGE_V2 && are_given(two, 6) && !two[6]) {
        header->values = two[1], header->encoding = two[4], header->level_size = two[5];
        header->is_packed = numbers[IS_PACKED] != 0;
    } else if (header->kind == DICTIONARY_PAGE && are_given(words, 2)) {
        header->values = words[1], header->encoding = words[2];
    }
    int are_sizes = is_size(header->size) && is_size(header->packed) && is_size(header->values);
    return !walk.is_odd && are_sizes && header->level_size <= header->size && header->level_size <= header->packed
               ? 0
               : -1;
}

/* Pages */

static int make_room(struct buffer *buffer, size_t size) {
    if (buffer->room >= size + PADDING) return 0;
    free(buffer->at);
    buffer->room = size + size / 4 + PADDING;
    buffer->at = malloc(buffer->room);
    if (!buffer->at) buffer->room = 0;
    return buffer->at ? 0 : -1;
}

static int read_at(int file, uint8_t *to, size_t size, int64_t at) {
    while (size) {
        ssize_t got = pread(file, to, size, (off_t)at);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return -1;
        to += got, at += got, size -= (size_t)got;
    }
    return 0;
}

/* Levels of a page of version 2 stand before what is packed. */
static int unpack(struct parquet *all, struct column *column, const struct header *header, uint8_t *to) {
    const uint8_t *from = column->packed.at;
    size_t size = (size_t)header->packed, room = (size_t)header->size, plain = (size_t)header->level_size;
    memcpy(to, from, plain);
    from += plain, to += plain, size -= plain, room -= plain;
    if (column->chunk.codec == UNCOMPRESSED || !header->is_packed) {
        if (size != room) return -1;
        memcpy(to, from, size);
        return 0;
    }
    if (column->chunk.codec == SNAPPY) return parquet_unsnap(from, size, to, room);
    return all->unpack((int)column->chunk.codec, from, size, to, room);
}

/* UTF-8 would have to be checked: a byte beyond ASCII is odd wherever it stands. */
static int is_ascii(const uint8_t *at, size_t size) {
    uint8_t all = 0;
    for (size_t place = 0; place < size; place++) all |= at[place];
    return all < 0x80;
}

static int read_dictionary(struct parquet *all, struct column *column, const struct header *header) {
    const uint8_t *at = column->dictionary.at, *end = at + header->size;
    uint32_t count = (uint32_t)header->values;
    if (header->encoding != PLAIN_VALUES && header->encoding != PLAIN_DICTIONARY) return -1;
    if (header->values > header->size || header->values > MOST_WORDS || column->words) return -1;
    if (!column->chunk.width && !is_ascii(at, (size_t)header->size)) return -1;
    column->words = calloc(count + 1u, sizeof *column->words);
    column->numbers = calloc(count + 1u, sizeof *column->numbers);
    if (!column->words || !column->numbers) return -1;
    for (column->word_count = 0; column->word_count < count; column->word_count++) {
        uint32_t word = column->word_count;
        if (column->chunk.width) {
            if (end - at < column->chunk.width) return -1;
            column->numbers[word] = number_at(at, column->chunk.width);
            at += column->chunk.width;
        } else {
            if (take_text(&at, end, &column->words[word])) return -1;
            if (column->letter != 'a') column->numbers[word] = meaning_of(all->sums, column, column->words[word]);
        }
    }
    return 0;
}

static struct run run_of(const uint8_t *at, const uint8_t *end, uint32_t width) {
    return (struct run){at, end, width, 0, 0, 0, 0};
}

static int read_levels(struct column *column, const struct header *header, const uint8_t **at, const uint8_t *end) {
    uint32_t size = (uint32_t)header->level_size;
    if (header->kind == DATA_PAGE_V2) {
        if (!column->chunk.is_optional && size) return -1;
    } else {
        size = 0;
        if (!column->chunk.is_optional) return 0;
        if (header->level_encoding != RLE || end - *at < 4) return -1;
        memcpy(&size, *at, 4);
        *at += 4;
        if (size > (size_t)(end - *at)) return -1;
    }
    column->levels = run_of(*at, *at + size, 1);
    *at += size;
    return 0;
}

static int read_values(struct column *column, const struct header *header) {
    const uint8_t *at = column->page.at, *end = at + header->size;
    if (header->values > column->rows || read_levels(column, header, &at, end)) return -1;
    column->rows -= header->values;
    column->left = (uint32_t)header->values;
    column->is_coded = header->encoding == PLAIN_DICTIONARY || header->encoding == RLE_DICTIONARY;
    if (!column->is_coded && header->encoding != PLAIN_VALUES) return -1;
    if (column->is_coded) {
        uint32_t width = at < end ? *at++ : 0;
        if (width > 32 || !column->words) return -1;
        column->codes = run_of(at, end, width);
    } else if (!column->chunk.width && !is_ascii(at, (size_t)(end - at))) {
        return -1;
    }
    column->value = at, column->value_end = end;
    return 0;
}

int parquet_next_page(struct parquet *all, struct column *column) {
    uint8_t start[MOST_HEADER + PADDING];
    struct header header;
    size_t most = column->end - column->at < MOST_HEADER ? (size_t)(column->end - column->at) : MOST_HEADER;
    if (!most || read_at(all->file, start, most, column->at) || read_header(start, most, &header)) return -1;
    int is_dictionary = header.kind == DICTIONARY_PAGE;
    column->at += header.length;
    if (header.packed > column->end - column->at) return -1;
    struct buffer *buffer = is_dictionary ? &column->dictionary : &column->page;
    if (make_room(&column->packed, (size_t)header.packed) || make_room(buffer, (size_t)header.size)) return -1;
    if (read_at(all->file, column->packed.at, (size_t)header.packed, column->at)) return -1;
    column->at += header.packed;
    if (unpack(all, column, &header, buffer->at)) return -1;
    return is_dictionary ? read_dictionary(all, column, &header) : read_values(column, &header);
}
