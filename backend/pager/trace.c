// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/pager/trace.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/pager/policy.h"
#include "base/random.h"

#define PAGE	   4096ull
#define FIRST_SIZE 4096u

/* --- recording -------------------------------------------------------------------------------------- */

static struct {
	struct trace_file *file; /* NULL: not recording */
	int fd;
	struct trace_row *row;
	uint64_t *chunk;
	size_t used; /* of the chunk */
} tape;

/* In place of memory of the pager's, so that the program's own mappings lie where they always do. */
static struct trace_file *map(int fd, size_t bytes, int prot)
{
	void *at = pager_memory(bytes);

	if (!at || mmap(at, bytes, prot, MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED)
		return NULL;
	madvise(at, bytes, MADV_DONTFORK);
	madvise(at, bytes, MADV_DONTDUMP);
	return at;
}

enum trace_start trace_record(int fd, const char *name, uint64_t anchor)
{
	size_t bytes = sizeof(struct trace_file) + TRACE_MOST * TRACE_CHUNK * sizeof(uint64_t);
	uint32_t i;

	trace_stop();
	tape.file = map(fd, bytes, PROT_READ | PROT_WRITE);
	if (!tape.file)
		return TRACE_FAILED;
	i = tape.file->nr_rows++;
	if (i >= TRACE_PROCESSES) {
		tape.file->nr_rows = TRACE_PROCESSES;
		tape.file = NULL;
		return TRACE_FAILED;
	}
	tape.fd = fd;
	tape.row = &tape.file->rows[i];
	tape.used = TRACE_CHUNK;
	*tape.row = (struct trace_row){ .anchor = anchor };
	strncpy(tape.row->name, name, sizeof(tape.row->name) - 1);
	return TRACE_OK;
}

/* Room on the disk is taken before it is written to: where there is none, a write would end the program. */
static bool new_chunk(void)
{
	uint32_t i = tape.file->nr_chunks++;
	off_t at = (off_t)(sizeof(struct trace_file) + i * TRACE_CHUNK * sizeof(uint64_t));

	if (i >= TRACE_MOST || fallocate(tape.fd, 0, at, TRACE_CHUNK * sizeof(uint64_t)) != 0) {
		tape.file->nr_chunks--;
		tape.file->lost++;
		tape.file = NULL;
		return false;
	}
	tape.chunk = tape.file->chunks[i];
	tape.chunk[0] = (uint64_t)(tape.row - tape.file->rows) + 1;
	tape.used = 1;
	return true;
}

static void note(uint64_t page, uint64_t limit_pages)
{
	if (tape.used == TRACE_CHUNK && !new_chunk())
		return;
	tape.chunk[tape.used++] = page;
	tape.row->nr++;
	tape.row->limit_pages = limit_pages;
}

/* --- following: where each page is asked for ------------------------------------------------------- */

static struct {
	uint64_t nr;	   /* 0: none is followed */
	uint32_t *at;	   /* number of the page at each place */
	uint32_t *places;  /* of page 0, then of page 1 ...: ascending */
	uint64_t *page;	   /* by number */
	uint32_t *first;   /* by number: where its places begin; one more at the end */
	uint32_t *numbers; /* hash table: number + 1 */
	uint32_t nr_pages, size;
	uint64_t grain;
	uint64_t now, elsewhere; /* where it may be instead, if the next fault says so, too */
} trace;

static uint32_t *hash_slot(uint64_t page)
{
	uint32_t i = (uint32_t)mix64(page) & (trace.size - 1);

	while (trace.numbers[i] && trace.page[trace.numbers[i] - 1] != page)
		i = (i + 1) & (trace.size - 1);
	return &trace.numbers[i];
}

/* Tables of twice the size. */
static bool grow(void)
{
	uint32_t size = trace.size ? 2 * trace.size : FIRST_SIZE;
	uint64_t *page = pager_memory(size * sizeof(*page));
	uint32_t *numbers = pager_memory(size * sizeof(*numbers));

	if (!page || !numbers)
		return false;
	for (uint32_t i = 0; i < trace.nr_pages; i++)
		page[i] = trace.page[i];
	trace.page = page;
	trace.numbers = numbers;
	trace.size = size;
	for (uint32_t i = 0; i < trace.nr_pages; i++)
		*hash_slot(page[i]) = i + 1;
	return true;
}

static bool add(uint64_t page)
{
	uint32_t *slot;

	if (2 * trace.nr_pages >= trace.size && !grow())
		return false;
	slot = hash_slot(page);
	if (!*slot) {
		trace.page[trace.nr_pages] = page;
		*slot = ++trace.nr_pages;
	}
	trace.at[trace.nr++] = *slot - 1;
	return true;
}

static bool read_chunks(const struct trace_file *f, uint32_t row, size_t nr_chunks)
{
	for (size_t c = 0; c < nr_chunks; c++) {
		const uint64_t *chunk = f->chunks[c];

		for (size_t i = 1; chunk[0] == row + 1 && i < TRACE_CHUNK && chunk[i]; i++) {
			if (trace.nr == f->rows[row].nr || !add(chunk[i]))
				return trace.nr == f->rows[row].nr;
		}
	}
	return trace.nr > 0;
}

/* Sort the places by page. */
static bool index_places(void)
{
	uint32_t *fill = pager_memory((trace.nr_pages + 1) * sizeof(*fill));

	trace.first = pager_memory((trace.nr_pages + 1) * sizeof(*trace.first));
	trace.places = pager_memory(trace.nr * sizeof(*trace.places));
	if (!fill || !trace.first || !trace.places)
		return false;
	for (uint64_t i = 0; i < trace.nr; i++)
		trace.first[trace.at[i] + 1]++;
	for (uint32_t i = 0; i < trace.nr_pages; i++)
		trace.first[i + 1] += trace.first[i];
	for (uint64_t i = 0; i < trace.nr; i++)
		trace.places[trace.first[trace.at[i]] + fill[trace.at[i]]++] = (uint32_t)i;
	return true;
}

/* A row of that name and layout that no other process of this job has. */
static int claim(const struct trace_file *f, const char *name, uint64_t anchor,
		 _Atomic uint64_t *claimed)
{
	for (uint32_t i = 0; i < f->nr_rows && i < TRACE_PROCESSES; i++) {
		if (strncmp(f->rows[i].name, name, sizeof(f->rows[i].name) - 1) == 0 &&
		    f->rows[i].anchor == anchor && f->rows[i].nr &&
		    !(atomic_fetch_or(claimed, 1ull << i) & 1ull << i))
			return (int)i;
	}
	return -1;
}

enum trace_start trace_follow(int fd, const char *name, uint64_t anchor, _Atomic uint64_t *claimed)
{
	struct trace_file *f;
	struct stat st;
	int row;

	trace_stop();
	if (fstat(fd, &st) != 0)
		return TRACE_FAILED;
	f = map(fd, (size_t)st.st_size, PROT_READ);
	if (!f)
		return TRACE_FAILED;
	row = claim(f, name, anchor, claimed);
	if (row < 0)
		return TRACE_OTHER;
	trace.at = pager_memory(f->rows[row].nr * sizeof(*trace.at));
	trace.grain = f->rows[row].limit_pages;
	if (!trace.at || !read_chunks(f, (uint32_t)row, f->nr_chunks) || !index_places()) {
		trace.nr = 0;
		return TRACE_FAILED;
	}
	madvise(f, (size_t)st.st_size, MADV_DONTNEED);
	return TRACE_OK;
}

void trace_stop(void)
{
	memset(&tape, 0, sizeof(tape));
	memset(&trace, 0, sizeof(trace));
}

uint64_t trace_length(void)
{
	return trace.nr;
}

uint64_t trace_page(uint64_t at)
{
	return trace.page[trace.at[at]];
}

uint64_t trace_now(void)
{
	return trace.now;
}

uint64_t trace_grain(void)
{
	return trace.grain;
}

/* The places of a page: [*first, *end). False: the trace doesn't have it. */
static bool places_of(uint64_t page, uint32_t *first, uint32_t *end)
{
	uint32_t number = trace.nr ? *hash_slot(page) : 0;

	if (!number)
		return false;
	*first = trace.first[number - 1];
	*end = trace.first[number];
	return true;
}

/* The first of places [low, high) that is not before from; high: none. */
static uint32_t place_after(uint32_t low, uint32_t high, uint64_t from)
{
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (trace.places[middle] < from)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

uint64_t trace_find(uint64_t page, uint64_t from)
{
	uint32_t first, end, i;

	if (!places_of(page, &first, &end))
		return trace.nr;
	i = place_after(first, end, from);
	return i < end ? trace.places[i] : trace.nr;
}

/* --- where the program is ---------------------------------------------------------------------------- */

/* Only the page after this one can tell whether the program is that far away. */
static bool resume(uint32_t first, uint32_t end, uint64_t near)
{
	uint32_t i = place_after(first, end, trace.elsewhere);

	if (trace.elsewhere && i < end && trace.places[i] - trace.elsewhere < near) {
		trace.now = trace.places[i] + 1;
		trace.elsewhere = 0;
		return true;
	}
	i = place_after(first, end, trace.now);
	trace.elsewhere = trace.places[i < end ? i : first] + 1;
	return false;
}

/*
 * A page that is asked for is most likely at the next place at which the trace has it. Not so where it has
 * just been, for a page that was used a moment ago may be used again and not be in the trace; nor far
 * ahead, which would skip all that comes before.
 */
static bool follow(uint64_t page)
{
	uint64_t slack = 2 * trace.grain, near = 256 * trace.grain, ahead;
	uint32_t first, end, i;

	if (!places_of(page, &first, &end))
		return false;
	i = place_after(first, end, trace.now);
	ahead = i < end ? trace.places[i] - trace.now : UINT64_MAX;
	if (i > first && trace.now - trace.places[i - 1] < slack &&
	    trace.now - trace.places[i - 1] < ahead)
		return true;
	if (ahead >= near)
		return resume(first, end, near);
	trace.now += ahead + 1;
	trace.elsewhere = 0;
	return true;
}

bool trace_asked(uint64_t page, uint64_t limit_pages)
{
	if (tape.file)
		note(page, limit_pages);
	return trace.nr == 0 || follow(page);
}
