/* Lines of flow records -> one line for all that are alike, with a weight. Nothing is judged here.

A plain line is printable ASCII with the right number of single spaces; its numbers have at most 16 digits (bytes may be
'-'), its action and status are known words, its addresses have at most 64 characters. Plain lines of one NAT gateway
with the same addresses, action and status become one line: bytes added, first start, last end, how many they were.
Those of other interfaces or outside the window become one line without addresses for each action and status. Every
other line is handed back as it stands.

No line is trusted: each field is looked at no further than the newline that ends the text, and what is kept of it has
a size that was compared first. The caller owns all buffers but the table, and one table is used by one thread. */

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST_FIELDS 64
#define MOST_ADDRESSES 4
#define MOST_NAMES 3
#define MOST_CHARACTERS 64
#define MOST_DIGITS 16
#define MOST_SUM (UINT64_C(1) << 62) /* so that another number of 16 digits fits */
#define MOST_ROWS (1u << 19)
#define SLOTS (MOST_ROWS << 1)
#define ROOM (64u << 20)
#define OUTPUT (1u << 16)
#define LONGEST_LINE 1024

enum { KINDS = 64, HAS_BYTES = 2, OUTSIDE = 1 };

static const char *const ACTIONS[] = {"ACCEPT", "REJECT", "-"};
static const char *const STATUSES[] = {"OK", "NODATA", "SKIPDATA", "-"};

struct text {
    const uint8_t *at;
    size_t size;
};

struct row { /* as long as it must be, and the next one behind it: what is looked at together lies together */
    uint64_t hash, bytes, records;
    int64_t first, last;
    uint32_t kind, size; /* kind: the key's number (from 1, 0 is nobody) x KINDS + state */
    uint8_t text[];
};

struct places { /* of fields; -1 where a format has none */
    int names[MOST_NAMES], addresses[MOST_ADDRESSES], bytes, start, end, action, status;
};

struct sums {
    int fields, file, private_only[2];
    struct places place;
    uint64_t seed;
    int64_t window[2];
    uint32_t key_count, key_slots, *key_slot;
    struct text *keys;
    uint8_t *key_text;
    uint32_t *slot; /* 0 is free, else where the row is, in words from 1 */
    uint64_t *rows;
    uint8_t *output;
    uint32_t row_count, words, output_size;
    uint64_t records;
};

static uint64_t hash_of(uint64_t hash, const uint8_t *at, size_t size) {
    for (; size >= 8; at += 8, size -= 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        hash = (hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
        hash ^= hash >> 32;
    }
    uint64_t rest = size;
    for (; size; size--) rest = rest << 8 | *at++;
    hash = (hash ^ rest) * UINT64_C(0xD6E8FEB86659FD93);
    return hash ^ hash >> 32;
}

static uint32_t words_of(size_t size) { return (uint32_t)((sizeof(struct row) + size + 7) / 8); }

static int is_same(struct text one, const void *at, size_t size) {
    return one.size == size && !memcmp(one.at, at, size);
}

static int is_dash(struct text one) { return one.size == 1 && *one.at == '-'; }

static int among(struct text one, const char *const *words, int count) {
    for (int number = 0; number < count; number++)
        if (is_same(one, words[number], strlen(words[number]))) return number;
    return -1;
}

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

/* What is written */

static int send_output(struct sums *sums) {
    const uint8_t *at = sums->output;
    while (sums->output_size) {
        ssize_t written = write(sums->file, at, sums->output_size);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return -1;
        at += written;
        sums->output_size -= (uint32_t)written;
    }
    return 0;
}

static void put(struct sums *sums, const void *at, size_t size) {
    memcpy(sums->output + sums->output_size, at, size);
    sums->output_size += (uint32_t)size;
    sums->output[sums->output_size++] = ' ';
}

static void put_number(struct sums *sums, uint64_t value) {
    char digits[20];
    size_t from = sizeof digits;
    do digits[--from] = (char)('0' + value % 10);
    while (value /= 10);
    put(sums, digits + from, sizeof digits - from);
}

static void put_word(struct sums *sums, int place, const char *word) {
    if (place >= 0) put(sums, word, strlen(word));
}

/* In the order of `Plan.summed`. */
static int write_row(struct sums *sums, const struct row *row) {
    const struct places *place = &sums->place;
    uint32_t key = row->kind / KINDS, state = row->kind % KINDS;
    if (sums->output_size + LONGEST_LINE > OUTPUT && send_output(sums)) return -1;
    put(sums, key ? sums->keys[key - 1].at : (const uint8_t *)"-", key ? sums->keys[key - 1].size : 1);
    if (row->size) put(sums, row->text, row->size - 1u);
    for (int number = 0; !row->size && number < MOST_ADDRESSES; number++) put_word(sums, place->addresses[number], "-");
    if (state & HAS_BYTES) put_number(sums, row->bytes);
    else put(sums, "-", 1);
    if (place->start >= 0) put_number(sums, (uint64_t)row->first);
    if (place->end >= 0) put_number(sums, (uint64_t)row->last);
    put_word(sums, place->action, ACTIONS[state >> 4]);
    put_word(sums, place->status, STATUSES[state >> 2 & 3]);
    put_number(sums, row->records);
    sums->output[sums->output_size - 1] = '\n';
    return 0;
}

int sums_flush(struct sums *sums) {
    const struct row *row;
    for (uint32_t at = 0; at < sums->words; at += words_of(row->size)) {
        row = (const struct row *)(sums->rows + at);
        if (row->records && write_row(sums, row)) return errno;
    }
    memset(sums->slot, 0, SLOTS * sizeof *sums->slot);
    sums->row_count = sums->words = 0;
    return send_output(sums) ? errno : 0;
}

/* What is added */

static struct row *row_of(struct sums *sums, uint32_t kind, const uint8_t *text, size_t size) {
    uint64_t hash = hash_of(sums->seed ^ kind, text, size);
    uint32_t slot = (uint32_t)(hash >> 20) & (SLOTS - 1);
    for (; sums->slot[slot]; slot = (slot + 1) & (SLOTS - 1)) {
        struct row *row = (struct row *)(sums->rows + sums->slot[slot] - 1);
        if (row->hash == hash && row->kind == kind && row->size == size && !memcmp(row->text, text, size)) return row;
    }
    if (sums->row_count == MOST_ROWS || (sums->words + words_of(size)) * sizeof *sums->rows > ROOM) {
        if (sums_flush(sums)) return NULL;
        slot = (uint32_t)(hash >> 20) & (SLOTS - 1);
    }
    struct row *row = (struct row *)(sums->rows + sums->words);
    *row = (struct row){hash, 0, 0, INT64_MAX, INT64_MIN, kind, (uint32_t)size};
    memcpy(row->text, text, size);
    sums->slot[slot] = sums->words + 1;
    sums->words += words_of(size);
    sums->row_count++;
    return row;
}

static uint32_t key_of(const struct sums *sums, const struct text *fields) {
    struct text name = {0};
    for (int number = 0; number < MOST_NAMES && sums->place.names[number] >= 0; number++)
        if (!is_dash(name = fields[sums->place.names[number]])) break;
    uint32_t slot = (uint32_t)(hash_of(sums->seed, name.at, name.size) >> 20) & (sums->key_slots - 1);
    for (; sums->key_slot[slot]; slot = (slot + 1) & (sums->key_slots - 1)) {
        uint32_t key = sums->key_slot[slot];
        if (is_same(name, sums->keys[key - 1].at, sums->keys[key - 1].size)) return key;
    }
    return 0;
}

static int is_private(const struct sums *sums, const struct text *fields) {
    for (int number = 0; number < 2; number++) {
        int place = sums->private_only[number];
        if (place < 0 || fields[place].size < 3 || memcmp(fields[place].at, "10.", 3)) return 0;
    }
    return 1;
}

/* The addresses, each with a space behind it; their size, or -1 where one is too long. */
static int join_addresses(const struct sums *sums, const struct text *fields, uint8_t *into) {
    int size = 0;
    for (int number = 0; number < MOST_ADDRESSES && sums->place.addresses[number] >= 0; number++) {
        struct text one = fields[sums->place.addresses[number]];
        if (one.size > MOST_CHARACTERS) return -1;
        memcpy(into + size, one.at, one.size);
        size += (int)one.size;
        into[size++] = ' ';
    }
    return size;
}

enum added { FAILED = -1, ODD, PLAIN };

static enum added add_line(struct sums *sums, const struct text *fields) {
    const struct places *place = &sums->place;
    int action = place->action < 0 ? 2 : among(fields[place->action], ACTIONS, 3);
    int status = place->status < 0 ? 3 : among(fields[place->status], STATUSES, 4);
    int64_t bytes = number_in(fields[place->bytes]);
    int64_t start = place->start < 0 ? 0 : number_in(fields[place->start]);
    int64_t end = place->end < 0 ? 0 : number_in(fields[place->end]);
    if (action < 0 || status < 0 || start < 0 || end < 0) return ODD;
    if (bytes < 0 && !is_dash(fields[place->bytes])) return ODD;
    int64_t moment = place->start < 0 ? end : start;
    int is_outside = moment < sums->window[0] || moment >= sums->window[1];
    uint32_t state = (uint32_t)(action << 4 | status << 2 | (bytes < 0 ? 0 : HAS_BYTES) | (is_outside ? OUTSIDE : 0));
    uint32_t key = is_outside ? 0 : key_of(sums, fields);
    uint8_t addresses[MOST_ADDRESSES * (MOST_CHARACTERS + 1)];
    int size = 0;
    if (key && is_private(sums, fields)) key = 0;
    if (key && (size = join_addresses(sums, fields, addresses)) < 0) return ODD;
    struct row *row = row_of(sums, key * KINDS + state, addresses, (size_t)size);
    if (!row) return FAILED;
    if (row->bytes > MOST_SUM) {
        if (write_row(sums, row)) return FAILED;
        row->bytes = row->records = 0;
    }
    if (key && bytes > 0) row->bytes += (uint64_t)bytes;
    row->records++;
    if (start < row->first) row->first = start;
    if (end > row->last) row->last = end;
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
    return odd_end - odd;
}

uint64_t sums_records(const struct sums *sums) { return sums->records; }

/* How a table begins and ends */

void sums_free(struct sums *sums) {
    if (!sums) return;
    void *all[] = {sums->key_slot, sums->keys, sums->key_text, sums->slot, sums->rows, sums->output, sums};
    for (size_t number = 0; number < sizeof all / sizeof *all; number++) free(all[number]);
}

static int first_free(int *places, int count) {
    for (int number = 0; number < count; number++)
        if (places[number] < 0) return number;
    return -1;
}

/* A letter a field: '-' for one that is not used. Naming fields come as 1, 2, 3: the first that is no dash names. */
static int place_field(struct places *place, char letter, int number) {
    int *one = letter == 'b'   ? &place->bytes
               : letter == 's' ? &place->start
               : letter == 'e' ? &place->end
               : letter == 'c' ? &place->action
               : letter == 'l' ? &place->status
               : letter >= '1' && letter <= '3' ? &place->names[letter - '1'] : NULL;
    if (letter == 'a') {
        int next = first_free(place->addresses, MOST_ADDRESSES);
        if (next < 0) return -1;
        one = &place->addresses[next];
    }
    if (one) *one = number;
    return one || letter == '-' ? 0 : -1;
}

static int place_fields(struct sums *sums, const char *letters) {
    memset(&sums->place, -1, sizeof sums->place);
    sums->fields = (int)strlen(letters);
    if (!sums->fields || sums->fields > MOST_FIELDS) return -1;
    for (int number = 0; number < sums->fields; number++)
        if (place_field(&sums->place, letters[number], number)) return -1;
    int *names = sums->place.names, kept = 0;
    for (int number = 0; number < MOST_NAMES; number++)
        if (names[number] >= 0) names[kept++] = names[number];
    for (int number = kept; number < MOST_NAMES; number++) names[number] = -1;
    return kept && sums->place.bytes >= 0 ? 0 : -1;
}

/* Keys come each with a newline behind it. */
static int place_keys(struct sums *sums, const char *keys) {
    size_t size = strlen(keys);
    for (size_t place = 0; place < size; place++) sums->key_count += keys[place] == '\n';
    for (sums->key_slots = 4; sums->key_slots < 4 * sums->key_count;) sums->key_slots *= 2;
    sums->keys = calloc(sums->key_count + 1u, sizeof *sums->keys);
    sums->key_slot = calloc(sums->key_slots, sizeof *sums->key_slot);
    sums->key_text = malloc(size + 1);
    if (!sums->keys || !sums->key_slot || !sums->key_text) return -1;
    uint8_t *at = memcpy(sums->key_text, keys, size + 1);
    for (uint32_t key = 0; key < sums->key_count; key++) {
        size_t length = (size_t)((uint8_t *)strchr((char *)at, '\n') - at);
        if (length > MOST_CHARACTERS) return -1;
        sums->keys[key] = (struct text){at, length};
        uint32_t slot = (uint32_t)(hash_of(sums->seed, at, length) >> 20) & (sums->key_slots - 1);
        while (sums->key_slot[slot]) slot = (slot + 1) & (sums->key_slots - 1);
        sums->key_slot[slot] = key + 1;
        at += length + 1;
    }
    return 0;
}

/* `private_only`: two places of fields; records with "10." in both are as good as another interface's. */
struct sums *sums_new(const char *letters, const char *keys, uint64_t seed, int64_t first, int64_t end,
                      int private_source, int private_destination, int file) {
    struct sums *sums = calloc(1, sizeof *sums);
    if (!sums) return NULL;
    sums->seed = seed;
    sums->file = file;
    sums->window[0] = first;
    sums->window[1] = end;
    sums->private_only[0] = private_source;
    sums->private_only[1] = private_destination;
    sums->slot = calloc(SLOTS, sizeof *sums->slot);
    sums->rows = malloc(ROOM);
    sums->output = malloc(OUTPUT);
    if (sums->slot && sums->rows && sums->output && !place_fields(sums, letters) &&
        !place_keys(sums, keys) && private_source < sums->fields && private_destination < sums->fields)
        return sums;
    sums_free(sums);
    return NULL;
}
