/* Records -> one line for all that are alike, with a weight. Nothing is judged here.

Records of one NAT gateway with the same addresses, action and status become one line: bytes added, first start, last
end, how many they were. Those of other interfaces or outside the window become one line without addresses for each
action and status.

The caller owns all buffers but the table, and one table is used by one thread. */

#include "summing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST_SUM (UINT64_C(1) << 62) /* so that another number of 16 digits fits */
#define MOST_ROWS (1u << 19)
#define SLOTS (MOST_ROWS << 1)
#define ROOM (64u << 20)
#define OUTPUT (1u << 16)
#define LONGEST_LINE 1024

static const char *const ACTIONS[] = {"ACCEPT", "REJECT", "-"};
static const char *const STATUSES[] = {"OK", "NODATA", "SKIPDATA", "-"};

static const struct total NOTHING = {0, 0, INT64_MAX, INT64_MIN};

struct row { /* as long as it must be, and the next one behind it: what is looked at together lies together */
    uint64_t hash;
    struct total total;
    uint32_t kind, size;
    uint8_t text[];
};

static inline uint64_t mixed(uint64_t hash, uint64_t word) {
    hash = (hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ hash >> 32;
}

/* Eight bytes at a time, the last eight once more if need be. */
static uint64_t hash_of(uint64_t hash, const uint8_t *at, size_t size) {
    const uint8_t *end = at + size;
    uint64_t word = 0;
    hash = mixed(hash, size);
    if (size < 8) {
        memcpy(&word, at, size);
        return mixed(hash, word);
    }
    for (; end - at > 8; at += 8) {
        memcpy(&word, at, 8);
        hash = mixed(hash, word);
    }
    memcpy(&word, end - 8, 8);
    return mixed(hash, word);
}

static uint32_t words_of(size_t size) { return (uint32_t)((sizeof(struct row) + size + 7) / 8); }

static int is_same(struct text one, const void *at, size_t size) {
    return one.size == size && !memcmp(one.at, at, size);
}

static int among(struct text one, const char *const *words, int count) {
    for (int number = 0; number < count; number++)
        if (is_same(one, words[number], strlen(words[number]))) return number;
    return -1;
}

int sums_action(struct text one) { return among(one, ACTIONS, 3); }

int sums_status(struct text one) { return among(one, STATUSES, 4); }

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

/* In the order of `Plan.summed`; `text` is empty where nobody's addresses were kept. */
static int write_total(struct sums *sums, uint32_t kind, struct total total, struct text text) {
    const struct places *place = &sums->place;
    uint32_t key = kind / KINDS, state = kind % KINDS;
    if (sums->output_size + LONGEST_LINE > OUTPUT && send_output(sums)) return -1;
    put(sums, key ? sums->keys[key - 1].at : (const uint8_t *)"-", key ? sums->keys[key - 1].size : 1);
    if (text.size) put(sums, text.at, text.size - 1u);
    for (int number = 0; !text.size && number < sums->addresses; number++) put(sums, "-", 1);
    if (state & HAS_BYTES) put_number(sums, total.bytes);
    else put(sums, "-", 1);
    if (place->start >= 0) put_number(sums, (uint64_t)total.first);
    if (place->end >= 0) put_number(sums, (uint64_t)total.last);
    put_word(sums, place->action, ACTIONS[state >> 4]);
    put_word(sums, place->status, STATUSES[state >> 2 & 3]);
    put_number(sums, total.records);
    sums->output[sums->output_size - 1] = '\n';
    return 0;
}

static int write_row(struct sums *sums, const struct row *row) {
    return row->total.records ? write_total(sums, row->kind, row->total, (struct text){row->text, row->size}) : 0;
}

static void forget_rows(struct sums *sums) {
    memset(sums->slot, 0, SLOTS * sizeof *sums->slot);
    sums->row_count = sums->words = 0;
}

static int write_rows(struct sums *sums) {
    const struct row *row;
    for (uint32_t at = 0; at < sums->words; at += words_of(row->size)) {
        row = (const struct row *)(sums->rows + at);
        if (write_row(sums, row)) return -1;
    }
    forget_rows(sums);
    return 0;
}

static void forget_nobody(struct sums *sums) {
    for (int state = 0; state < KINDS; state++) sums->nobody[state] = NOTHING;
}

int sums_flush(struct sums *sums) {
    if (sums_settle(sums) == FAILED || write_rows(sums)) return errno;
    for (uint32_t state = 0; state < KINDS; state++) {
        struct total total = sums->nobody[state];
        if (total.records && write_total(sums, state, total, (struct text){0})) return errno;
    }
    forget_nobody(sums);
    return send_output(sums) ? errno : 0;
}

/* Drops what was added and not flushed; rows that found no room may be written by then. */
void sums_forget(struct sums *sums) {
    forget_rows(sums);
    forget_nobody(sums);
    sums->pending_count = sums->output_size = 0;
    sums->records = 0;
}

/* What is added */

static uint32_t slot_of(uint64_t hash) { return (uint32_t)(hash >> 20) & (SLOTS - 1); }

static int is_printable(const uint8_t *at, size_t size) {
    int spaces = 0, others = 0;
    for (size_t place = 0; place < size; place++) {
        spaces += at[place] == ' ';
        others |= (uint8_t)(at[place] - ' ') > '~' - ' ';
    }
    return others ? -1 : spaces;
}

/* The row of a record, perhaps a new one; NULL where it could not be written, or `is_odd`. */
static struct row *row_of(struct sums *sums, const struct record *record, int *is_odd) {
    uint32_t slot = slot_of(record->hash);
    for (; sums->slot[slot]; slot = (slot + 1) & (SLOTS - 1)) {
        struct row *row = (struct row *)(sums->rows + sums->slot[slot] - 1);
        if (row->hash == record->hash && row->kind == record->kind && row->size == record->size &&
            !memcmp(row->text, record->text, record->size))
            return row;
    }
    if ((*is_odd = is_printable(record->text, record->size) != sums->addresses)) return NULL;
    if (sums->row_count == MOST_ROWS || (sums->words + words_of(record->size)) * sizeof *sums->rows > ROOM) {
        if (write_rows(sums)) return NULL;
        slot = slot_of(record->hash);
    }
    struct row *row = (struct row *)(sums->rows + sums->words);
    *row = (struct row){record->hash, NOTHING, record->kind, record->size};
    memcpy(row->text, record->text, record->size);
    sums->slot[slot] = sums->words + 1;
    sums->words += words_of(record->size);
    sums->row_count++;
    return row;
}

static enum added settle(struct sums *sums, const struct record *record) {
    int is_odd = 0;
    struct row *row = row_of(sums, record, &is_odd);
    if (!row) return is_odd ? ODD : FAILED;
    if (row->total.bytes > MOST_SUM) {
        if (write_row(sums, row)) return FAILED;
        row->total.bytes = row->total.records = 0;
    }
    add(&row->total, record->bytes, record->start, record->end);
    return PLAIN;
}

/* Rows are many, and lie where no cache has them: all are asked for before the first is waited for. */
enum added sums_settle(struct sums *sums) {
    enum added worst = PLAIN;
    for (uint32_t number = 0; number < sums->pending_count; number++) {
        uint32_t at = sums->slot[slot_of(sums->pending[number].hash)];
        const char *row = (const char *)(sums->rows + (at ? at - 1 : 0));
        __builtin_prefetch(row, 1);
        __builtin_prefetch(row + 64, 1);
    }
    for (uint32_t number = 0; number < sums->pending_count; number++) {
        enum added added = settle(sums, &sums->pending[number]);
        if (added < worst) worst = added;
        if (added == FAILED) break;
    }
    sums->pending_count = 0;
    return worst;
}

uint32_t sums_key(const struct sums *sums, struct text name) {
    uint32_t slot = (uint32_t)(hash_of(sums->seed, name.at, name.size) >> 20) & (sums->key_slots - 1);
    for (; sums->key_slot[slot]; slot = (slot + 1) & (sums->key_slots - 1)) {
        uint32_t key = sums->key_slot[slot];
        if (is_same(name, sums->keys[key - 1].at, sums->keys[key - 1].size)) return key;
    }
    return 0;
}

/* Most addresses have 8 to 16 characters: two copies that overlap take no call and no loop. */
static inline void copy(uint8_t *to, struct text one) {
    if (one.size >= 8 && one.size <= 16) {
        memcpy(to, one.at, 8);
        memcpy(to + one.size - 8, one.at + one.size - 8, 8);
    } else {
        memcpy(to, one.at, one.size);
    }
}

/* The addresses, each with a space behind it; their size, or -1 where one is empty or too long. */
static int join(uint8_t *into, const struct text *addresses, int count) {
    int size = 0;
    for (int number = 0; number < count; number++) {
        struct text one = addresses[number];
        if (!one.size || one.size > MOST_CHARACTERS) return -1;
        copy(into + size, one);
        size += (int)one.size;
        into[size++] = ' ';
    }
    return size;
}

enum added sums_put(struct sums *sums, uint32_t kind, const struct told *told, const struct text *addresses) {
    struct record *record = &sums->pending[sums->pending_count];
    int size = join(record->text, addresses, sums->addresses);
    if (size < 0) return ODD;
    record->size = (uint32_t)size;
    record->kind = kind;
    record->hash = hash_of(sums->seed ^ kind, record->text, record->size);
    record->bytes = told->bytes, record->start = told->start, record->end = told->end;
    __builtin_prefetch(sums->slot + slot_of(record->hash), 1);
    return ++sums->pending_count < PENDING ? PLAIN : sums_settle(sums);
}

/* How many records were added since this was last asked. */
uint64_t sums_records(struct sums *sums) {
    uint64_t records = sums->records;
    sums->records = 0;
    return records;
}

/* How a table begins and ends */

void sums_free(struct sums *sums) {
    if (!sums) return;
    void *all[] = {sums->key_slot, sums->keys,   sums->key_text, sums->slot,
                   sums->rows,     sums->output, sums->pending,  sums};
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
    while (sums->addresses < MOST_ADDRESSES && sums->place.addresses[sums->addresses] >= 0) sums->addresses++;
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

static int address_at(const struct sums *sums, int place) {
    for (int number = 0; number < sums->addresses; number++)
        if (sums->place.addresses[number] == place) return number;
    return -1;
}

/* Records whose fields at `private_source` and `private_destination` begin with "10." are as good as another
   interface's; -1 where all count. */
struct sums *sums_new(const char *letters, const char *keys, uint64_t seed, int64_t first, int64_t end,
                      int private_source, int private_destination, int file) {
    struct sums *sums = calloc(1, sizeof *sums);
    if (!sums) return NULL;
    sums->seed = seed;
    sums->file = file;
    sums->window[0] = first;
    sums->window[1] = end;
    sums->slot = calloc(SLOTS, sizeof *sums->slot);
    sums->rows = malloc(ROOM);
    sums->output = malloc(OUTPUT);
    sums->pending = malloc(PENDING * sizeof *sums->pending);
    forget_nobody(sums);
    if (sums->slot && sums->rows && sums->output && sums->pending && !place_fields(sums, letters) &&
        !place_keys(sums, keys)) {
        sums->private_only[0] = address_at(sums, private_source);
        sums->private_only[1] = address_at(sums, private_destination);
        return sums;
    }
    sums_free(sums);
    return NULL;
}
