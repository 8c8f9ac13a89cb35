/* Column chunks of Parquet -> records in a table of sums (summing.h). Nothing is judged here.

The footer was read elsewhere: a chunk comes with its place in the file, its type and its codec. What is read here are
pages (pages.c): definition levels, and values as PLAIN or by dictionary. Whatever is anything else, or contradicts
itself, makes the chunks ODD: the caller has to forget what they gave, and ask another reader.

No file is trusted: sizes are compared with what is left before they are used, and capped. */

#include "parquet.h"

#include <stdlib.h>

static int64_t meaning_of_null(const struct column *column) {
    return column->letter == 'c' ? NO_ACTION : column->letter == 'l' ? NO_STATUS : NONE;
}

static int next_run(struct run *run) {
    int64_t header = parquet_varint(&run->at, run->end);
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
        if ((uint64_t)run->value >> run->width) return -1;
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
            if (parquet_next_page(all, column)) return 0;
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
