// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Threads that map, unmap, move, grow, give back, protect, fork, write and read at random. What memory
 * must hold is known without a second copy of it: each page holds words that follow from its stamp, and
 * the stamps (0: zeros) are kept beside. Exits with 1 at the first wrong word, naming it.
 *
 * Usage: torture SECONDS [MIB [THREADS [SEED]]]
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE	   ((size_t)4096)
#define WORDS	   (PAGE / sizeof(uint64_t))
#define NR_REGIONS 24
#define MAX_PAGES  1024
#define MAX_COUNTS 16

struct region {
	char *at;
	size_t nr; /* pages; 0: not mapped */
	uint64_t stamps[2 * MAX_PAGES];
};

struct thread {
	pthread_t id;
	uint64_t seed, next_stamp;
	size_t pages_left; /* of its share of memory */
	struct region regions[NR_REGIONS];
	int sockets[2];
	uint64_t counts[MAX_COUNTS];
};

static atomic_bool over;
static pthread_mutex_t forking = PTHREAD_MUTEX_INITIALIZER;

static uint64_t random_below(struct thread *t, uint64_t n)
{
	t->seed ^= t->seed << 13;
	t->seed ^= t->seed >> 7;
	t->seed ^= t->seed << 17;
	return (t->seed >> 11) % n;
}

static uint64_t word(uint64_t stamp, size_t i)
{
	return stamp ? stamp * 0x9e3779b97f4a7c15ull ^ i * 0xd6e8feb86659fd93ull : 0;
}

static void fail(const struct region *r, size_t page, size_t i, uint64_t is, const char *when)
{
	fprintf(stderr,
		"WRONG %s: page %zu of the %zu at %p, word %zu is %#lx, not %#lx (stamp %lu)\n",
		when, page, r->nr, (void *)r->at, i, (unsigned long)is,
		(unsigned long)word(r->stamps[page], i), (unsigned long)r->stamps[page]);
	_exit(1);
}

static uint64_t *words_of(const struct region *r, size_t page)
{
	return (uint64_t *)(void *)(r->at + page * PAGE);
}

static void check_words(const struct region *r, size_t page, const uint64_t *words,
			const char *when)
{
	for (size_t i = 0; i < WORDS; i += 37) {
		uint64_t is = words[i];

		if (is != word(r->stamps[page], i))
			fail(r, page, i, is, when);
	}
}

static void check_page(const struct region *r, size_t page, const char *when)
{
	check_words(r, page, words_of(r, page), when);
}

static void fill(struct thread *t, struct region *r, size_t page)
{
	uint64_t *words = words_of(r, page);

	r->stamps[page] = ++t->next_stamp;
	for (size_t i = 0; i < WORDS; i++)
		words[i] = word(r->stamps[page], i);
}

/* --- what threads do -------------------------------------------------------------------------------- */

static void do_map(struct thread *t, struct region *r)
{
	size_t nr = 1 + random_below(t, MAX_PAGES);

	if (r->nr || nr > t->pages_left)
		return;
	r->at = mmap(NULL, nr * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (r->at == MAP_FAILED)
		exit(2);
	r->nr = nr;
	t->pages_left -= nr;
	memset(r->stamps, 0, sizeof(r->stamps));
}

/* By libc's function, or as some allocators do. */
static void do_unmap(struct thread *t, struct region *r)
{
	if (!r->nr)
		return;
	if (random_below(t, 2))
		munmap(r->at, r->nr * PAGE);
	else
		syscall(SYS_munmap, r->at, r->nr * PAGE);
	t->pages_left += r->nr;
	r->nr = 0;
}

/* A run of pages in sequence, up or down. */
static void do_write(struct thread *t, struct region *r)
{
	size_t nr, from;

	if (!r->nr)
		return;
	nr = 1 + random_below(t, r->nr);
	from = random_below(t, r->nr);
	for (size_t i = 0; i < nr; i++)
		fill(t, r, (from + i) % r->nr);
}

static void do_read(struct thread *t, struct region *r)
{
	size_t nr, from;

	if (!r->nr)
		return;
	nr = 1 + random_below(t, r->nr);
	from = random_below(t, r->nr);
	for (size_t i = 0; i < nr; i++)
		check_page(r, (from + r->nr - i % r->nr) % r->nr, "when read");
}

static void do_touch(struct thread *t, struct region *r)
{
	for (int i = 0; r->nr && i < 64; i++) {
		size_t page = random_below(t, r->nr);

		check_page(r, page, "when touched");
		if (random_below(t, 2))
			fill(t, r, page);
	}
}

/* The kernel reads and writes memory. */
static void do_pipe(struct thread *t, struct region *r)
{
	uint64_t words[WORDS];

	for (int i = 0; r->nr && i < 16; i++) {
		size_t from = random_below(t, r->nr), to = random_below(t, r->nr);

		if (write(t->sockets[1], words_of(r, from), PAGE) != (ssize_t)PAGE ||
		    read(t->sockets[0], words_of(r, to), PAGE) != (ssize_t)PAGE)
			exit(2);
		r->stamps[to] = r->stamps[from];
		check_page(r, to, "when piped");
		memcpy(words, words_of(r, to), PAGE);
		check_words(r, to, words, "when copied");
	}
}

static void do_discard(struct thread *t, struct region *r)
{
	size_t from, nr;

	if (!r->nr)
		return;
	from = random_below(t, r->nr);
	nr = 1 + random_below(t, r->nr - from);
	madvise(r->at + from * PAGE, nr * PAGE, MADV_DONTNEED);
	memset(&r->stamps[from], 0, nr * sizeof(*r->stamps));
	check_page(r, from, "when given back");
}

static void do_resize(struct thread *t, struct region *r)
{
	size_t nr = 1 + random_below(t, 2 * MAX_PAGES);
	char *at;

	if (!r->nr || (nr > r->nr && nr - r->nr > t->pages_left))
		return;
	at = mremap(r->at, r->nr * PAGE, nr * PAGE, MREMAP_MAYMOVE);
	if (at == MAP_FAILED)
		return; /* it became several mappings: do_map_over() */
	if (nr > r->nr)
		memset(&r->stamps[r->nr], 0, (nr - r->nr) * sizeof(*r->stamps));
	t->pages_left = t->pages_left + r->nr - nr;
	r->at = at;
	r->nr = nr;
	check_page(r, 0, "when resized");
}

/* Onto another region, which goes. */
static void do_move(struct thread *t, struct region *r)
{
	struct region *onto = &t->regions[random_below(t, NR_REGIONS)];
	size_t left;

	if (!r->nr || onto == r || onto->nr < r->nr)
		return;
	left = onto->nr - r->nr;
	if (mremap(r->at, r->nr * PAGE, r->nr * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, onto->at) !=
	    onto->at) {
		/* It became several mappings: do_map_over(). Some may have moved (Linux 6.17). */
		do_unmap(t, onto);
		do_unmap(t, r);
		return;
	}
	if (left)
		munmap(onto->at + r->nr * PAGE, left * PAGE);
	t->pages_left += onto->nr;
	r->at = onto->at;
	onto->nr = 0;
	for (size_t i = 0; i < r->nr; i++)
		check_page(r, i, "when moved");
}

/* Fresh memory in place of part of a region. */
static void do_map_over(struct thread *t, struct region *r)
{
	size_t from, nr;
	char *at;

	if (!r->nr)
		return;
	from = random_below(t, r->nr);
	nr = 1 + random_below(t, r->nr - from);
	at = r->at + from * PAGE;
	if (mmap(at, nr * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
		 0) != at)
		exit(2);
	memset(&r->stamps[from], 0, nr * sizeof(*r->stamps));
	check_page(r, from + nr - 1, "when mapped over");
}

static void do_protect(struct thread *t, struct region *r)
{
	static const int how[] = { PROT_NONE, PROT_READ };
	int prot = how[random_below(t, 2)];

	if (!r->nr)
		return;
	mprotect(r->at, r->nr * PAGE, prot);
	if (prot == PROT_READ)
		check_page(r, random_below(t, r->nr), "when read-only");
	mprotect(r->at, r->nr * PAGE, PROT_READ | PROT_WRITE);
	check_page(r, random_below(t, r->nr), "when writable again");
}

static void check_all(struct thread *t, const char *when)
{
	for (struct region *r = t->regions; r < t->regions + NR_REGIONS; r++) {
		for (size_t i = 0; i < r->nr; i++)
			check_page(r, i, when);
	}
}

/* The child sees this thread's memory as it was, whatever the parent writes meanwhile. */
static void do_fork(struct thread *t, struct region *r)
{
	int status = 0;
	pid_t pid;

	/* One at a time, or most of the time goes into copying page tables. */
	pthread_mutex_lock(&forking);
	pid = fork();
	if (pid == 0) {
		check_all(t, "in a child");
		do_write(t, r);
		do_discard(t, r);
		check_all(t, "in a child that wrote");
		if (random_below(t, 4) == 0 && fork() == 0) {
			check_all(t, "in a grandchild");
			_exit(0);
		}
		while (wait(&status) > 0 && status == 0)
			;
		_exit(status != 0);
	}
	for (int i = 0; i < 4; i++)
		do_write(t, &t->regions[random_below(t, NR_REGIONS)]);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
		fprintf(stderr, "WRONG: child %d ended with %#x\n", pid, status);
		_exit(1);
	}
	pthread_mutex_unlock(&forking);
}

/* An exec by a child that shares memory until then. */
static void do_exec(struct thread *t, struct region *r)
{
	int status;
	pid_t pid = vfork();

	if (pid == 0) {
		execl("/bin/true", "true", (char *)NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
		_exit(2);
	do_touch(t, r);
}

static const struct {
	const char *name;
	void (*fn)(struct thread *t, struct region *r);
	unsigned int weight;
} deeds[] = {
	{ "map", do_map, 200 },		 { "unmap", do_unmap, 60 },	{ "write", do_write, 150 },
	{ "read", do_read, 150 },	 { "touch", do_touch, 200 },	{ "pipe", do_pipe, 60 },
	{ "discard", do_discard, 60 },	 { "resize", do_resize, 60 },	{ "move", do_move, 30 },
	{ "map over", do_map_over, 40 }, { "protect", do_protect, 30 }, { "fork", do_fork, 2 },
	{ "exec", do_exec, 1 },
};

#define NR_DEEDS (sizeof(deeds) / sizeof(*deeds))

static size_t choose(struct thread *t)
{
	uint64_t sum = 0, at;
	size_t i = 0;

	for (size_t k = 0; k < NR_DEEDS; k++)
		sum += deeds[k].weight;
	for (at = random_below(t, sum); at >= deeds[i].weight; i++)
		at -= deeds[i].weight;
	return i;
}

static void *run(void *arg)
{
	struct thread *t = arg;

	while (!over) {
		size_t i = choose(t);

		t->counts[i]++;
		deeds[i].fn(t, &t->regions[random_below(t, NR_REGIONS)]);
	}
	check_all(t, "at the end");
	return NULL;
}

static void at_end(int sig)
{
	(void)sig;
	over = true;
}

static unsigned long argument(int argc, char *argv[], int i, unsigned long otherwise)
{
	return argc > i ? strtoul(argv[i], NULL, 10) : otherwise;
}

int main(int argc, char *argv[])
{
	size_t mib = argument(argc, argv, 2, 64), nr = argument(argc, argv, 3, 3);
	uint64_t seed = argument(argc, argv, 4, (unsigned long)time(NULL));
	struct thread *threads = calloc(nr, sizeof(*threads));

	if (argc < 2 || !threads)
		return 2;
	printf("torture: seed %lu\n", (unsigned long)seed);
	fflush(stdout);
	signal(SIGALRM, at_end);
	alarm((unsigned int)argument(argc, argv, 1, 10));
	for (size_t i = 0; i < nr; i++) {
		struct thread *t = &threads[i];

		t->seed = (seed + i + 1) * 0x9e3779b97f4a7c15ull;
		t->next_stamp = (uint64_t)(i + 1) << 40;
		t->pages_left = mib * 256 / nr;
		if (pipe(t->sockets) != 0 || pthread_create(&t->id, NULL, run, t) != 0)
			return 2;
	}
	for (size_t i = 0; i < nr; i++)
		pthread_join(threads[i].id, NULL);
	for (size_t k = 0; k < NR_DEEDS; k++) {
		uint64_t sum = 0;

		for (size_t i = 0; i < nr; i++)
			sum += threads[i].counts[k];
		printf(" %s %lu", deeds[k].name, (unsigned long)sum);
	}
	printf("\nnothing wrong\n");
	return 0;
}
