// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Far pages in this machine's own memory, compressed by LZ4, locked there where the system allows it.
 * A page of one repeated 32-bit word takes no room; one that LZ4 makes no smaller than 15/16 is kept raw.
 *
 * The memory: an entry a slot, then the chunks' heads, then the chunks, 64 KiB each. A chunk holds objects
 * of one size, a multiple of 256 bytes. All of it is changed by atomic operations: a process that is
 * killed amid a store leaves one object that nobody uses.
 */
#include <errno.h>
#include <fcntl.h>
#include <lz4.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

#include "backend/pager/pool_memory.h"

#define STEP	    256u
#define CLASSES	    16u /* sizes: STEP to CLASSES * STEP, which is a page */
#define PACKED_MOST ((CLASSES - 1) * STEP)
#define CHUNK_BYTES (64u << 10)
#define CHUNK_MOST  (CHUNK_BYTES / STEP) /* objects */
#define CLOSED	    UINT32_MAX		 /* a chunk that is being given back */
#define LOOKS	    256u

/* An entry: the kind in its two low bits; a word in the upper half, or length, chunk and place there. */
enum kind { NOTHING = 0, SAME, PACKED, RAW };
#define KIND(entry)   ((enum kind)((entry)&3))
#define LENGTH(entry) ((uint32_t)((entry) >> 2 & 0x1fff))
#define PLACE(entry)  ((uint32_t)((entry) >> 16 & 0xff))
#define CHUNK(entry)  ((uint32_t)((entry) >> 24))

struct head {
	_Atomic uint32_t use; /* size << 16 | objects; 0: free */
	uint32_t unused;
	_Atomic uint64_t bits[CHUNK_MOST / 64];
};

struct compressed_params {
	uint64_t prealloc_bytes;
};

struct compressed_shared {
	uint64_t prealloc_bytes;
	uint64_t heads_at, chunks_at, bytes;
	uint32_t nr_chunks;
	_Atomic uint32_t nr_tried; /* chunks from there on were never used */
	_Atomic uint64_t chunks, most_chunks;
	_Atomic uint64_t stored, same, raw, packed_bytes; /* since the start */
};

struct compressed {
	uint32_t at[CLASSES]; /* the chunk that was used last */
	char packed[POOL_PAGE];
	_Alignas(16) char lz4[];
};

static const struct opt compressed_opts[] = {
	POOL_OPT_PREALLOC(struct compressed_params, prealloc_bytes), OPT_END
};

static uint64_t whole_chunks(uint64_t bytes)
{
	return (bytes + CHUNK_BYTES - 1) / CHUNK_BYTES * CHUNK_BYTES;
}

static int take(struct pool_ctx *ctx, uint64_t offset, uint64_t bytes, struct err *err)
{
	if (!bytes || fallocate(ctx->fd, FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)bytes) == 0)
		return 0;
	return err_failed(err, errno, "pool compressed: prealloc is more than is free");
}

static int prealloc(struct pool_ctx *ctx, const struct compressed_shared *s, struct err *err)
{
	uint64_t slots = s->prealloc_bytes / POOL_PAGE;
	uint64_t heads = s->prealloc_bytes / CHUNK_BYTES;
	int rc = take(ctx, 0, (slots < ctx->nr_slots ? slots : ctx->nr_slots) * 8, err);

	if (heads > s->nr_chunks)
		heads = s->nr_chunks;
	if (!rc)
		rc = take(ctx, s->heads_at, heads * sizeof(struct head), err);
	return rc ? rc : take(ctx, s->chunks_at, heads * CHUNK_BYTES, err);
}

static int compressed_create(struct pool_ctx *ctx, const void *params, struct err *err)
{
	const struct compressed_params *p = params;
	struct compressed_shared *s = ctx->shared;
	int rc;

	/* Were all slots once of each size in turn, and one object left in each chunk: 9 times the slots. */
	s->nr_chunks = (uint32_t)(ctx->nr_slots * POOL_PAGE / CHUNK_BYTES * 9 + CLASSES);
	s->prealloc_bytes = p->prealloc_bytes;
	s->heads_at = whole_chunks(ctx->nr_slots * 8);
	s->chunks_at = s->heads_at + whole_chunks(s->nr_chunks * sizeof(struct head));
	s->bytes = s->chunks_at + (uint64_t)s->nr_chunks * CHUNK_BYTES;
	rc = pool_memory_create(ctx, s->bytes, 0, err);
	return rc ? rc : prealloc(ctx, s, err);
}

static size_t state_bytes(void)
{
	return sizeof(struct compressed) + (size_t)LZ4_sizeofState();
}

static int compressed_open(struct pool_ctx *ctx, struct err *err)
{
	struct compressed_shared *s = ctx->shared;
	int rc = pool_memory_open(ctx, s->bytes, err);

	if (rc)
		return rc;
	mlock2(ctx->memory, s->bytes, MLOCK_ONFAULT); /* where it may */
	ctx->state = pool_scratch(state_bytes());
	return ctx->state ? 0 : err_failed(err, ENOMEM, "no memory for pool compressed");
}

/* --- objects --------------------------------------------------------------------------------------------- */

static _Atomic uint64_t *entry_of(struct pool_ctx *ctx, uint32_t slot)
{
	return (_Atomic uint64_t *)(void *)ctx->memory + slot;
}

static struct head *head_of(struct pool_ctx *ctx, uint32_t chunk)
{
	const struct compressed_shared *s = ctx->shared;

	return (struct head *)(void *)(ctx->memory + s->heads_at) + chunk;
}

static uint32_t size_class(uint32_t bytes)
{
	return (bytes + STEP - 1) / STEP - 1;
}

static char *object_of(struct pool_ctx *ctx, uint64_t entry)
{
	const struct compressed_shared *s = ctx->shared;
	uint64_t offset = (uint64_t)CHUNK(entry) * CHUNK_BYTES +
			  PLACE(entry) * (size_class(LENGTH(entry)) + 1) * STEP;

	return ctx->memory + s->chunks_at + offset;
}

static void note_chunk(struct compressed_shared *s)
{
	uint64_t now = ++s->chunks, most = s->most_chunks;

	while (now > most && !atomic_compare_exchange_weak(&s->most_chunks, &most, now))
		;
}

/* One more object in the chunk, if it is of that class, or free. */
static bool enter(struct pool_ctx *ctx, uint32_t chunk, uint32_t class)
{
	struct compressed_shared *s = ctx->shared;
	struct head *h = head_of(ctx, chunk);
	uint32_t was = h->use, now;

	do {
		if (was && (was >> 16 != class + 1 || (was & 0xffff) >= CHUNK_MOST / (class + 1)))
			return false;
		now = was ? was + 1 : (class + 1) << 16 | 1;
	} while (!atomic_compare_exchange_weak(&h->use, &was, now));
	if (!was)
		note_chunk(s);
	return true;
}

/* There is one: objects are counted before they take their place, and leave it before they are not. */
static uint32_t take_place(struct head *h, uint32_t class)
{
	uint32_t most = CHUNK_MOST / (class + 1);

	for (uint32_t i = 0;; i = (i + 1) % most) {
		uint64_t bit = 1ull << i % 64;

		if (!(h->bits[i / 64] & bit) && !(atomic_fetch_or(&h->bits[i / 64], bit) & bit))
			return i;
	}
}

/* A chunk with room, entered. False: there is none. */
static bool find_chunk(struct pool_ctx *ctx, uint32_t class, uint32_t *at)
{
	struct compressed_shared *s = ctx->shared;
	uint32_t used = s->nr_tried, most = used < LOOKS ? used : LOOKS;

	if (used && enter(ctx, *at, class))
		return true;
	for (uint32_t i = 0; i < most; i++) {
		*at = (*at + 1) % used;
		if (enter(ctx, *at, class))
			return true;
	}
	while ((used = s->nr_tried) < s->nr_chunks) {
		if (!atomic_compare_exchange_strong(&s->nr_tried, &used, used + 1))
			continue;
		*at = used;
		if (enter(ctx, *at, class))
			return true;
	}
	for (*at = 0; *at < s->nr_chunks; ++*at) {
		if (enter(ctx, *at, class))
			return true;
	}
	return false;
}

static void leave(struct pool_ctx *ctx, uint64_t entry)
{
	struct compressed_shared *s = ctx->shared;
	struct head *h = head_of(ctx, CHUNK(entry));
	uint32_t was;

	atomic_fetch_and(&h->bits[PLACE(entry) / 64], ~(1ull << PLACE(entry) % 64));
	was = h->use;
	while (!atomic_compare_exchange_weak(&h->use, &was, (was & 0xffff) == 1 ? CLOSED : was - 1))
		;
	if ((was & 0xffff) != 1)
		return;
	pool_memory_free(ctx, s->chunks_at + (uint64_t)CHUNK(entry) * CHUNK_BYTES, CHUNK_BYTES,
			 s->chunks_at + s->prealloc_bytes);
	s->chunks--;
	h->use = 0;
}

static void count(struct compressed_shared *s, uint64_t entry)
{
	s->stored++;
	if (KIND(entry) == SAME)
		s->same++;
	else if (KIND(entry) == RAW)
		s->raw++;
	else
		s->packed_bytes += LENGTH(entry);
}

/* For a damaged one, nothing is read that isn't there. */
static bool is_sound(const struct compressed_shared *s, uint64_t entry)
{
	if (KIND(entry) == NOTHING || CHUNK(entry) >= s->nr_chunks || !LENGTH(entry))
		return false;
	return (KIND(entry) == RAW ? LENGTH(entry) == POOL_PAGE : LENGTH(entry) <= PACKED_MOST) &&
	       PLACE(entry) < CHUNK_MOST / (size_class(LENGTH(entry)) + 1);
}

static void replace(struct pool_ctx *ctx, uint32_t slot, uint64_t entry)
{
	uint64_t old = atomic_exchange(entry_of(ctx, slot), entry);

	if (KIND(entry) != NOTHING)
		count(ctx->shared, entry);
	if ((KIND(old) == PACKED || KIND(old) == RAW) && is_sound(ctx->shared, old))
		leave(ctx, old);
}

/* --- pages ------------------------------------------------------------------------------------------------ */

static bool is_same(const uint32_t *words)
{
	return memcmp(words, words + 1, POOL_PAGE - sizeof(*words)) == 0;
}

static int store_page(struct pool_ctx *ctx, uint32_t slot, const char *page)
{
	struct compressed *c = ctx->state;
	uint32_t first, bytes, class, place;
	uint64_t entry;

	memcpy(&first, page, sizeof(first));
	if (is_same((const uint32_t *)(const void *)page)) {
		replace(ctx, slot, (uint64_t)first << 32 | SAME);
		return 0;
	}
	bytes = (uint32_t)LZ4_compress_fast_extState(c->lz4, page, c->packed, POOL_PAGE,
						     PACKED_MOST, 1);
	entry = bytes ? PACKED : RAW;
	bytes = bytes ? bytes : POOL_PAGE;
	class = size_class(bytes);
	if (!find_chunk(ctx, class, &c->at[class]))
		return -ENOSPC;
	place = take_place(head_of(ctx, c->at[class]), class);
	entry |= (uint64_t)c->at[class] << 24 | (uint64_t)place << 16 | (uint64_t)bytes << 2;
	memcpy(object_of(ctx, entry), KIND(entry) == RAW ? page : c->packed, bytes);
	replace(ctx, slot, entry);
	return 0;
}

static void fill(char *page, uint32_t word)
{
	for (size_t i = 0; i < POOL_PAGE; i += sizeof(word))
		memcpy(page + i, &word, sizeof(word));
}

static int load_page(struct pool_ctx *ctx, uint32_t slot, char *page)
{
	uint64_t entry = *entry_of(ctx, slot);

	if (KIND(entry) == SAME) {
		fill(page, (uint32_t)(entry >> 32));
		return 0;
	}
	if (!is_sound(ctx->shared, entry))
		return -EIO;
	if (KIND(entry) == RAW) {
		memcpy(page, object_of(ctx, entry), POOL_PAGE);
		return 0;
	}
	return LZ4_decompress_safe(object_of(ctx, entry), page, (int)LENGTH(entry), POOL_PAGE) ==
			       (int)POOL_PAGE
		       ? 0
		       : -EIO;
}

static int compressed_store(struct pool_ctx *ctx, const struct pool_run *runs, size_t nr_runs)
{
	int rc = 0;

	for (size_t i = 0; i < nr_runs; i++) {
		for (uint32_t k = 0; k < runs[i].nr && !rc; k++)
			rc = store_page(ctx, runs[i].slot + k,
					(const char *)runs[i].pages + k * POOL_PAGE);
	}
	return rc;
}

static int compressed_load(struct pool_ctx *ctx, const struct pool_run *runs, size_t nr_runs)
{
	int rc = 0;

	for (size_t i = 0; i < nr_runs; i++) {
		for (uint32_t k = 0; k < runs[i].nr && !rc; k++)
			rc = load_page(ctx, runs[i].slot + k,
				       (char *)runs[i].pages + k * POOL_PAGE);
	}
	return rc;
}

static void compressed_drop(struct pool_ctx *ctx, uint32_t slot, uint32_t nr)
{
	for (uint32_t i = 0; i < nr; i++)
		replace(ctx, slot + i, NOTHING);
}

static size_t compressed_facts(const struct pool_ctx *ctx, struct pool_fact facts[POOL_FACTS])
{
	const struct compressed_shared *s = ctx->shared;
	double bytes = (double)(s->raw * POOL_PAGE + s->packed_bytes);

	facts[0] = (struct pool_fact){ "stored", (double)s->stored, "pages, since the start" };
	facts[1] = (struct pool_fact){ "same", (double)s->same,
				       "of these, of one repeated word: no room" };
	facts[2] = (struct pool_fact){ "raw", (double)s->raw, "that don't get smaller" };
	facts[3] = (struct pool_fact){ "lz4_bytes", (double)s->packed_bytes, "of all others" };
	facts[4] = (struct pool_fact){ "held_bytes", (double)(s->chunks * CHUNK_BYTES),
				       "of memory, now" };
	facts[5] = (struct pool_fact){ "held_most", (double)(s->most_chunks * CHUNK_BYTES),
				       "bytes of memory, at most" };
	if (bytes <= 0)
		return 6;
	facts[6] = (struct pool_fact){ "ratio", (double)(s->stored * POOL_PAGE) / bytes,
				       "bytes of these pages / as they were stored" };
	return 7;
}

static void compressed_close(struct pool_ctx *ctx)
{
	const struct compressed_shared *s = ctx->shared;

	pool_memory_close(ctx, s->bytes);
	pool_scratch_free(ctx->state, state_bytes());
	ctx->state = NULL;
}

const struct pool pool_compressed = {
	.name = "compressed",
	.summary = "shared memory of this machine, compressed by LZ4",
	.opts = compressed_opts,
	.params_size = sizeof(struct compressed_params),
	.create = compressed_create,
	.open = compressed_open,
	.store = compressed_store,
	.load = compressed_load,
	.drop = compressed_drop,
	.facts = compressed_facts,
	.close = compressed_close,
};
