/* Lines of flow records -> records in a table of sums (summing.h), and lines that are handed back as they stand.

A plain line is printable ASCII with the right number of single spaces; its numbers have at most 16 digits (bytes may be
'-'), its action and status are known words, its addresses have at most 64 characters. Every other line is odd.

No line is trusted: each field is looked at no further than the newline that ends the text, and what is kept of it has
a size that was compared first. */

#include "summing.h"

#include <errno.h>
#include <string.h>

#define MOST_DIGITS 16

static int64_t number_in(struct text one) {
    int64_t value = 0;
    if (!one.size || one.size > MOST_DIGITS) return -1;
    for (size_t place = 0; place < one.size; place++) {
        unsigned digit = one.at[place] - '0';
        if (digit > 9) return -1;
        value = value * 10 + digit;
    }
    return value;
}

static int is_private(const struct sums *sums, const struct text *addresses) {
    for (int number = 0; number < 2; number++) {
        int place = sums->private_only[number];
        if (place < 0 || addresses[place].size < 3 || memcmp(addresses[place].at, "10.", 3)) return 0;
    }
    return 1;
}

static uint32_t key_in(const struct sums *sums, const struct text *fields) {
    struct text name = {0};
    for (int number = 0; number < MOST_NAMES && sums->place.names[number] >= 0; number++)
        if (!is_dash(name = fields[sums->place.names[number]])) break;
    return sums_key(sums, name);
}

static enum added add_line(struct sums *sums, const struct text *fields) {
    const struct places *place = &sums->place;
    struct told told = {NO_ACTION, NO_STATUS, number_in(fields[place->bytes]), 0, 0};
    struct text addresses[MOST_ADDRESSES];
    if (told.bytes < 0 && !is_dash(fields[place->bytes])) return ODD;
    if (place->start >= 0) told.start = number_in(fields[place->start]);
    if (place->end >= 0) told.end = number_in(fields[place->end]);
    if (place->action >= 0) told.action = sums_action(fields[place->action]);
    if (place->status >= 0) told.status = sums_status(fields[place->status]);
    if (is_odd(&told)) return ODD;
    uint32_t state = state_of(sums, &told), key = state & OUTSIDE ? 0 : key_in(sums, fields);
    for (int number = 0; number < sums->addresses; number++) addresses[number] = fields[place->addresses[number]];
    if (key && !is_private(sums, addresses)) return sums_put(sums, key * KINDS + state, &told, addresses);
    add(&sums->nobody[state], 0, told.start, told.end);
    return PLAIN;
}

/* The fields of a line; 0 where it has another number of them, or anything but printable ASCII and single spaces. */
static int split(const struct sums *sums, const uint8_t *at, struct text *fields) {
    for (int number = 1; number <= sums->fields; number++, fields++) {
        fields->at = at;
        while ((uint8_t)(*at - '!') <= '~' - '!') at++;
        fields->size = (size_t)(at - fields->at);
        if (!fields->size || *at++ != (number == sums->fields ? '\n' : ' ')) return 0;
    }
    return 1;
}

/* Adds whole lines, text[from:to]; `odd` takes what is not plain, and is as large. How much that is, or minus errno. */
int64_t sums_add(struct sums *sums, const uint8_t *text, size_t from, size_t to, uint8_t *odd) {
    struct text fields[MOST_FIELDS];
    uint8_t *odd_end = odd;
    if (from >= to || text[to - 1] != '\n') return -EINVAL;
    for (const uint8_t *at = text + from, *end; at < text + to; at = end) {
        enum added added = ODD;
        if (split(sums, at, fields)) {
            end = fields[sums->fields - 1].at + fields[sums->fields - 1].size + 1;
            added = add_line(sums, fields);
        } else {
            end = (const uint8_t *)memchr(at, '\n', (size_t)(text + to - at)) + 1;
        }
        if (added == FAILED) return -errno;
        if (added == PLAIN) {
            sums->records++;
        } else {
            memcpy(odd_end, at, (size_t)(end - at));
            odd_end += end - at;
        }
    }
    return sums_settle(sums) == FAILED ? -errno : odd_end - odd;
}
