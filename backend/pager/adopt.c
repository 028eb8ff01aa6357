// SPDX-License-Identifier: GPL-2.0-or-later
/* Which of the process's memory is paged: private anonymous mappings of 64 KiB and more, and the heap. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <unistd.h>

#include "backend/pager/pager.h"
#include "backend/pager/uffd.h"
#include "base/clock.h"

#define LOOK_NS	    100000000ull /* between looks at the maps when hooks see what is mapped */
#define MAX_SCANNED (4ull << 30)
#define PRESENT	    (1ull << 63) /* Documentation/admin-guide/mm/pagemap.rst */
#define LINE_BYTES  512

/* One line of /proc/self/maps. */
struct mapping {
	uint64_t start, end;
	bool is_private, is_anonymous;
	char name[64];
};

static void refuse(uint64_t bytes)
{
	atomic_fetch_add(&pager.board->refused, bytes);
}

void adopt_mapping(uint64_t start, uint64_t bytes)
{
	bytes = (bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
	if (bytes >= LEAST_BYTES && uffd_register(pager.space.uffd, start, bytes) == 0)
		region_add(start, start + bytes);
	else
		refuse(bytes);
}

/* --- pages that were there before ------------------------------------------------------------------- */

/*
 * Is all that is mapped there registered, and nothing changing? What the maps said a moment ago may have
 * gone, and other memory may be in its place, or will be: evicting that would lose it. The kernel tells
 * when it is asked to protect the range, or not to. A page: is something mapped there?
 */
static bool is_registered(uint64_t start, uint64_t end, bool protect)
{
	return uffd_protect(pager.space.uffd, start, end - start, protect) == 0;
}

static void adopt_page(uint64_t address)
{
	struct page *page = space_get(&pager.space, address);

	if (!page || page->state != PAGE_NEW ||
	    !is_registered(address, address + PAGE_BYTES, false))
		return;
	space_set(&pager.space, page, PAGE_RESIDENT);
	pager.policy->arrive(&pager.policy_ctx, address / PAGE_BYTES, &page->word, ARRIVED_NEW);
}

static void scan(uint64_t start, uint64_t end)
{
	uint64_t entries[BLOCK_PAGES];

	if (end - start > MAX_SCANNED)
		return; /* what is there stays, and is counted as unpaged */
	while (start < end) {
		size_t nr = (end - start) / PAGE_BYTES;
		ssize_t got;

		if (nr > BLOCK_PAGES)
			nr = BLOCK_PAGES;
		got = pread(pager.pagemap_fd, entries, nr * sizeof(*entries),
			    (off_t)(start / PAGE_BYTES * sizeof(*entries)));
		if (got <= 0)
			return;
		for (size_t i = 0; i < (size_t)got / sizeof(*entries); i++) {
			if (entries[i] & PRESENT)
				adopt_page(start + i * PAGE_BYTES);
		}
		start += nr * PAGE_BYTES;
	}
}

/* --- /proc/self/maps ----------------------------------------------------------------------------------- */

static bool parse(char *line, struct mapping *m)
{
	char *at = line, *mode;

	m->start = strtoull(at, &at, 16);
	if (*at++ != '-')
		return false;
	m->end = strtoull(at, &at, 16);
	mode = at + 1;
	at = mode + 4;
	strtoull(at, &at, 16); /* offset */
	at = strchr(at + 1, ' ');
	if (!at)
		return false;
	m->is_private = mode[3] == 'p';
	m->is_anonymous = strtoull(at, &at, 10) == 0; /* inode */
	at += strspn(at, " ");
	strncpy(m->name, at, sizeof(m->name) - 1);
	return true;
}

/* Is it the zeroed data of a shared object? Those hold what the pager's own threads use. */
static bool follows_library(const struct mapping *m, const struct mapping *before)
{
	return before->end == m->start && strstr(before->name, ".so");
}

static bool is_eligible(const struct mapping *m, const struct mapping *before)
{
	uint64_t staging = (uint64_t)pager.staging;
	bool heap = strcmp(m->name, "[heap]") == 0;

	if (!m->is_private || !m->is_anonymous ||
	    (m->name[0] == '[' && !heap && strncmp(m->name, "[anon", 5) != 0))
		return false;
	if (m->start < staging + STAGING_PAGES * PAGE_BYTES && m->end > staging)
		return false;
	return (heap || m->end - m->start >= LEAST_BYTES) && !follows_library(m, before) &&
	       !region_is_kept_out(m->start, m->end);
}

static void adopt_gaps(const struct mapping *m, bool with_scan)
{
	uint64_t start, end, from = m->start;

	while (region_gap(from, m->end, &start, &end)) {
		if (uffd_register(pager.space.uffd, start, end - start) == 0 &&
		    (!with_scan || is_registered(start, end, true))) {
			region_add(start, end);
			if (with_scan)
				scan(start, end);
		}
		from = end;
	}
}

static void look_at(char *line, struct mapping *before, bool with_scan)
{
	struct mapping m = { 0 };

	if (!parse(line, &m))
		return;
	if (is_eligible(&m, before))
		adopt_gaps(&m, with_scan);
	/* Data of a library may be in several mappings, one after the other. */
	if (follows_library(&m, before) && m.is_anonymous)
		memcpy(m.name, before->name, sizeof(m.name));
	*before = m;
}

/* Calls look_at() for each line; reading goes on where the last whole line ended. */
void adopt_maps(bool with_scan)
{
	static char text[8192];
	struct mapping before = { 0 };
	size_t have = 0;
	ssize_t got;
	int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);

	while (fd >= 0 && (got = read(fd, text + have, sizeof(text) - 1 - have)) > 0) {
		char *line = text, *end;

		have += (size_t)got;
		text[have] = '\0';
		for (; (end = strchr(line, '\n')); line = end + 1) {
			*end = '\0';
			look_at(line, &before, with_scan);
		}
		have -= (size_t)(line - text);
		memmove(text, line, have);
		if (have > sizeof(text) - LINE_BYTES)
			have = 0; /* no such line */
	}
	if (fd >= 0)
		close(fd);
}

/* --- what is not paged ------------------------------------------------------------------------------- */

/* /proc/self/statm: size, resident, shared. Pages; anonymous ones are resident - shared. */
static bool read_statm(int64_t *ret_size, int64_t *ret_anonymous)
{
	char text[128], *at = text;
	ssize_t n = pread(pager.statm_fd, text, sizeof(text) - 1, 0);
	int64_t resident;

	if (n <= 0)
		return false;
	text[n] = '\0';
	*ret_size = strtoll(at, &at, 10);
	resident = strtoll(at, &at, 10);
	*ret_anonymous = resident - strtoll(at, &at, 10);
	return true;
}

static void set_unpaged(int64_t pages)
{
	struct process *p = pager.space.process;

	atomic_fetch_add(&pager.board->unpaged, pages - p->unpaged);
	p->unpaged = pages;
}

void adopt_tick(void)
{
	static int64_t last_size;
	static uint64_t next_look;
	int64_t size, anonymous;
	uint64_t now = clock_ns();

	if (!read_statm(&size, &anonymous))
		return;
	if (pager.look || (size != last_size && (!pager.hooked || now >= next_look))) {
		pager.look = false;
		last_size = size;
		next_look = now + LOOK_NS;
		adopt_maps(true);
		read_statm(&size, &anonymous);
	}
	anonymous -= pager.space.process->resident;
	set_unpaged(anonymous > 0 ? anonymous : 0);
	board_local(pager.board);
}
