/* Column chunks of Parquet -> records in a table of sums (summing.h). Nothing is judged here.

The footer was read elsewhere: a chunk comes with its place in the file, its type and its codec. What is read here are
pages: their headers (Thrift's compact protocol), definition levels, and values as PLAIN or by dictionary. Whatever is
anything else, or contradicts itself, makes the chunks ODD: the caller has to forget what they gave, and ask another
reader.

No file is trusted. Sizes are compared with what is left before they are used, and capped; each buffer is PADDING longer
than what it holds, so that a few bytes may be copied or looked at together. */

#include "summing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PADDING 64
#define MOST_PAGE (INT64_C(64) << 20)
#define MOST_HEADER 4096
#define BATCH 512

enum codec { UNCOMPRESSED, SNAPPY };
enum encoding { PLAIN_VALUES = 0, PLAIN_DICTIONARY = 2, RLE = 3, RLE_DICTIONARY = 8 };
enum page { DATA_PAGE = 0, DICTIONARY_PAGE = 2, DATA_PAGE_V2 = 3 };
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

/* Snappy */

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

static int64_t varint(const uint8_t **at, const uint8_t *end) {
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

static int unsnap(const uint8_t *at, size_t size, uint8_t *to, size_t room) {
    const uint8_t *end = at + size, *start = to, *stop = to + room;
    if (varint(&at, end) != (int64_t)room) return -1;
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

/* Headers of pages */

struct walk {
    const uint8_t *at, *end;
    int is_odd;
};

static uint64_t walk_varint(struct walk *walk) {
    int64_t value = varint(&walk->at, walk->end);
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

static int read_header(const uint8_t *at, size_t size, struct header *header) {
    int64_t numbers[FIELDS * FIELDS];
    struct walk walk = {at, at + size, 0};
    for (int number = 0; number < FIELDS * FIELDS; number++) numbers[number] = NONE;
    walk_struct(&walk, numbers, 0, 0);
    const int64_t *one = numbers + IN_DATA, *two = numbers + IN_DATA_V2, *words = numbers + IN_DICTIONARY;
    *header = (struct header){numbers[1], numbers[2], numbers[3], NONE, NONE, RLE, 0, 1, walk.at - at};
    if (header->kind == DATA_PAGE && are_given(one, 4)) {
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
    if (column->chunk.codec == SNAPPY) return unsnap(from, size, to, room);
    return all->unpack((int)column->chunk.codec, from, size, to, room);
}

/* UTF-8 would have to be checked: a byte beyond ASCII is odd wherever it stands. */
static int is_ascii(const uint8_t *at, size_t size) {
    uint8_t all = 0;
    for (size_t place = 0; place < size; place++) all |= at[place];
    return all < 0x80;
}

static int take_text(const uint8_t **at, const uint8_t *end, struct text *text) {
    uint32_t size;
    if (end - *at < 4) return -1;
    memcpy(&size, *at, 4);
    if (size > (size_t)(end - *at) - 4) return -1;
    *text = (struct text){*at + 4, size};
    *at += 4 + (size_t)size;
    return 0;
}

static int64_t number_at(const uint8_t *at, int64_t width) {
    int64_t eight;
    int32_t four;
    if (width == 4) return memcpy(&four, at, 4), four < 0 ? ODD_VALUE : four;
    return memcpy(&eight, at, 8), eight < 0 ? ODD_VALUE : eight;
}

/* What a text is in a column that is no address: the number of a key (0 is another one's) or of a known word. */
static int64_t meaning_of(const struct sums *sums, const struct column *column, struct text one) {
    if (column->letter == 'c') return action_of(one);
    if (column->letter == 'l') return status_of(one);
    return is_dash(one) ? NONE : (int64_t)key_of(sums, one);
}

static int64_t meaning_of_null(const struct column *column) {
    return column->letter == 'c' ? NO_ACTION : column->letter == 'l' ? NO_STATUS : NONE;
}

static int read_dictionary(struct parquet *all, struct column *column, const struct header *header) {
    const uint8_t *at = column->dictionary.at, *end = at + header->size;
    uint32_t count = (uint32_t)header->values;
    if (header->encoding != PLAIN_VALUES && header->encoding != PLAIN_DICTIONARY) return -1;
    if (header->values > header->size || column->words) return -1;
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

static int next_page(struct parquet *all, struct column *column) {
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

/* Values of a batch */

static int next_run(struct run *run) {
    int64_t header = varint(&run->at, run->end);
    if (header < 0 || header >> 1 > MOST_PAGE) return -1;
    run->is_packed = header & 1;
    run->left = (uint32_t)(header >> 1);
    size_t size = run->is_packed ? (size_t)run->left * run->width : (run->width + 7) / 8;
    if (size > (size_t)(run->end - run->at)) return -1;
    if (run->is_packed) {
        run->left *= 8, run->bit = 0;
    } else {
        run->value = 0;
        memcpy(&run->value, run->at, size);
        run->at += size;
    }
    return 0;
}

static void unpack_bits(struct run *run, uint32_t *into, uint32_t count) {
    uint64_t word, bit = run->bit, mask = (UINT64_C(1) << run->width) - 1;
    for (uint32_t number = 0; number < count; number++, bit += run->width) {
        memcpy(&word, run->at + (bit >> 3), 8);
        into[number] = (uint32_t)(word >> (bit & 7) & mask);
    }
    run->bit = bit;
    if (run->left == count) run->at += (bit + 7) >> 3;
}

static int take_run(struct run *run, uint32_t *into, uint32_t count) {
    while (count) {
        if (!run->left && next_run(run)) return -1;
        uint32_t some = run->left < count ? run->left : count;
        if (run->is_packed) unpack_bits(run, into, some);
        else
            for (uint32_t number = 0; number < some; number++) into[number] = run->value;
        run->left -= some, into += some, count -= some;
    }
    return 0;
}

static int take_codes(struct column *column, uint32_t count) {
    uint32_t codes[BATCH];
    if (take_run(&column->codes, codes, count)) return -1;
    int is_beyond = 0;
    for (uint32_t number = 0; number < count; number++) is_beyond |= codes[number] >= column->word_count;
    if (is_beyond) return -1;
    for (uint32_t number = 0; number < count; number++) {
        if (column->letter == 'a') column->text[number] = column->words[codes[number]];
        else column->number[number] = column->numbers[codes[number]];
    }
    return 0;
}

static int take_plain(struct parquet *all, struct column *column, uint32_t count) {
    int64_t width = column->chunk.width;
    if (width) {
        if (column->value_end - column->value < width * count) return -1;
        for (uint32_t number = 0; number < count; number++, column->value += width)
            column->number[number] = number_at(column->value, width);
        return 0;
    }
    for (uint32_t number = 0; number < count; number++)
        if (take_text(&column->value, column->value_end, &column->text[number])) return -1;
    for (uint32_t number = 0; number < count && column->letter != 'a'; number++)
        column->number[number] = meaning_of(all->sums, column, column->text[number]);
    return 0;
}

/* Values stand without the gaps that nulls leave: moved apart, from the last. */
static const struct text NO_TEXT = {(const uint8_t *)"-\0\0", 1};

static void spread(struct column *column, const uint32_t *levels, uint32_t count, uint32_t present) {
    for (uint32_t number = count; number-- > 0;) {
        present -= levels[number];
        column->text[number] = levels[number] ? column->text[present] : NO_TEXT;
        column->number[number] = levels[number] ? column->number[present] : meaning_of_null(column);
    }
}

static int take_values(struct parquet *all, struct column *column, uint32_t count) {
    uint32_t levels[BATCH], present = count;
    if (column->chunk.is_optional) {
        if (take_run(&column->levels, levels, count)) return -1;
        present = 0;
        for (uint32_t number = 0; number < count; number++) present += levels[number];
    }
    column->left -= count;
    if (column->is_coded ? take_codes(column, present) : take_plain(all, column, present)) return -1;
    if (present < count) spread(column, levels, count, present);
    return 0;
}

/* Rows */

static struct told told_by(const struct parquet *all, uint32_t row) {
    const struct places *place = &all->sums->place;
    const struct column *columns = all->columns;
    struct told told = {NO_ACTION, NO_STATUS, columns[place->bytes].number[row], 0, 0};
    if (place->start >= 0) told.start = columns[place->start].number[row];
    if (place->end >= 0) told.end = columns[place->end].number[row];
    if (place->action >= 0) told.action = columns[place->action].number[row];
    if (place->status >= 0) told.status = columns[place->status].number[row];
    return told;
}

static uint32_t key_at(const struct parquet *all, uint32_t row) {
    const int *names = all->sums->place.names;
    int64_t key = all->columns[names[0]].number[row];
    for (int number = 1; key < 0 && number < MOST_NAMES && names[number] >= 0; number++)
        key = all->columns[names[number]].number[row];
    return key < 0 ? 0 : (uint32_t)key;
}

/* Four bytes can be looked at whatever the size: PADDING, or NO_TEXT. */
static int is_private(const struct parquet *all, uint32_t row) {
    int are_private = 1;
    for (int number = 0; number < 2; number++) {
        int place = all->sums->private_only[number];
        if (place < 0) return 0;
        struct text one = all->columns[all->sums->place.addresses[place]].text[row];
        are_private &= (one.size >= 3) & (one.at[0] == '1') & (one.at[1] == '0') & (one.at[2] == '.');
    }
    return are_private;
}

/* First which rows are of interest, without a branch for each, for which it is cannot be guessed. */
static enum added add_rows(struct parquet *all, uint32_t count) {
    const int *places = all->sums->place.addresses;
    uint32_t rows[BATCH], kinds[BATCH], chosen = 0;
    struct told told[BATCH];
    int odd = 0;
    for (uint32_t row = 0; row < count; row++) {
        told[row] = told_by(all, row);
        odd |= is_odd(&told[row]);
    }
    if (odd) return ODD;
    for (uint32_t row = 0; row < count; row++) {
        uint32_t state = state_of(all->sums, &told[row]), key = key_at(all, row);
        int is_chosen = (key != 0) & !(state & OUTSIDE) & !is_private(all, row);
        struct total *nobody = &all->sums->nobody[state], total = *nobody;
        add(&total, 0, told[row].start, told[row].end);
        *nobody = is_chosen ? *nobody : total;
        rows[chosen] = row, kinds[chosen] = key * KINDS + state;
        chosen += (uint32_t)is_chosen;
    }
    for (uint32_t number = 0; number < chosen; number++) {
        struct text addresses[MOST_ADDRESSES];
        for (int one = 0; one < all->sums->addresses; one++) addresses[one] = all->columns[places[one]].text[rows[number]];
        enum added added = sums_put(all->sums, kinds[number], &told[rows[number]], addresses);
        if (added != PLAIN) return added;
    }
    all->sums->records += count;
    return PLAIN;
}

static int begin(struct column *column, const struct chunk *chunk, int64_t rows) {
    if ((column->letter != '-') != (chunk->size > 0) || chunk->at < 0 || chunk->at > INT64_MAX - chunk->size) return -1;
    free(column->words);
    free(column->numbers);
    column->words = NULL, column->numbers = NULL;
    column->chunk = *chunk;
    column->at = chunk->at, column->end = chunk->at + chunk->size;
    column->rows = rows, column->left = column->word_count = 0;
    return 0;
}

/* Rows that lie in one page of each column; 0 where there are none. */
static uint32_t next_rows(struct parquet *all, int64_t rows) {
    uint32_t count = rows < BATCH ? (uint32_t)rows : BATCH;
    for (int number = 0; number < all->count; number++) {
        struct column *column = &all->columns[number];
        if (!column->chunk.size) continue;
        while (!column->left)
            if (next_page(all, column)) return 0;
        if (column->left < count) count = column->left;
    }
    for (int number = 0; number < all->count; number++)
        if (all->columns[number].chunk.size && take_values(all, &all->columns[number], count)) return 0;
    return count;
}

/* Adds a row group, a chunk for each field of the format: PLAIN, ODD, or FAILED with errno. */
int parquet_add(struct parquet *all, int file, int64_t rows, const struct chunk *chunks) {
    all->file = file;
    for (int number = 0; number < all->count; number++)
        if (begin(&all->columns[number], &chunks[number], rows)) return ODD;
    while (rows > 0) {
        uint32_t count = next_rows(all, rows);
        enum added added = count ? add_rows(all, count) : ODD;
        if (added != PLAIN) return added;
        rows -= count;
    }
    return sums_settle(all->sums);
}

void parquet_free(struct parquet *all) {
    if (!all) return;
    for (int number = 0; all->columns && number < all->count; number++) {
        struct column *column = &all->columns[number];
        void *own[] = {column->words, column->numbers, column->packed.at, column->page.at, column->dictionary.at};
        for (size_t one = 0; one < sizeof own / sizeof *own; one++) free(own[one]);
    }
    free(all->columns);
    free(all);
}

/* A reader for a table; `letters` are those that the table was made with. */
struct parquet *parquet_new(struct sums *sums, const char *letters, unpacker *unpack) {
    struct parquet *all = calloc(1, sizeof *all);
    if (!all) return NULL;
    *all = (struct parquet){sums, unpack, -1, sums->fields, calloc((size_t)sums->fields, sizeof *all->columns)};
    for (int number = 0; all->columns && number < all->count; number++) all->columns[number].letter = letters[number];
    if (all->columns) return all;
    parquet_free(all);
    return NULL;
}
