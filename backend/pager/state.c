// SPDX-License-Identifier: GPL-2.0-or-later
/* What all of the pager's files share: its state, its clock, its last words, its memory. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "backend/pager/pager.h"

#define DYING_US    400000
#define ARENA_BYTES (64ull << 30) /* of addresses; memory is taken as it is used */

struct pager pager;

static struct {
	char *at, *end;
} arena;

void pager_say(const char *sentence)
{
	struct process *p = pager.space.process;
	const char *name = p && p->name[0] ? p->name : program_invocation_short_name;
	char line[512];
	int n = snprintf(line, sizeof(line), "fmpager: %s (pid %d): %s\n", name, getpid(),
			 sentence);

	if (write(STDERR_FILENO, line, (size_t)n) < 0)
		return;
}

void pager_die(const char *sentence)
{
	pager_say(sentence);
	signal(SIGBUS, SIG_DFL);
	kill(getpid(), SIGBUS);
	usleep(DYING_US);	 /* until one of its threads has taken it */
	kill(getpid(), SIGKILL); /* the program may have SIGBUS blocked */
	for (;;)
		pause();
}

void pager_die_of_pool(const char *sentence)
{
	char line[384];

	snprintf(line, sizeof(line), "%s%s%s", sentence, pager.pool.why[0] ? ": " : "",
		 pager.pool.why);
	pager_die(line);
}

void pager_sync(void)
{
	uint32_t before = pager.rounds;

	eventfd_write(pager.wake_fd, 1);
	while (pager.rounds == before)
		usleep(20);
}

uint64_t *pager_word(uint64_t page)
{
	struct page *p = space_find(&pager.space, page * PAGE_BYTES);

	return p && p->state == PAGE_RESIDENT ? &p->word : NULL;
}

/* --- memory of the pager's own: shared mappings, which are not paged, and which no child inherits -- */

int memory_start(void)
{
	arena.at = mmap(NULL, ARENA_BYTES, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (arena.at == MAP_FAILED)
		return -errno;
	arena.end = arena.at + ARENA_BYTES;
	madvise(arena.at, ARENA_BYTES, MADV_DONTDUMP);
	return madvise(arena.at, ARENA_BYTES, MADV_DONTFORK) == 0 ? 0 : -errno;
}

void *pager_memory(size_t bytes)
{
	char *got = arena.at;

	bytes = (bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
	if (bytes > (size_t)(arena.end - arena.at))
		return NULL;
	arena.at += bytes;
	return got;
}
