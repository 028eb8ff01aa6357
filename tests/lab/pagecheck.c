// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Does every page come back right? Fills pages with stamps, pushes them out, brings them back with
 * N threads, compares every byte, writes some anew, and so on.
 *
 * A page's stamp depends on its number and its generation; generations are kept in locked memory.
 * So a page of another slot, an older page of the same slot, and one flipped bit are all found.
 *
 * Exit status: 0 all right, 1 a page came back wrong, 4 none was wrong but some were lost to
 * SIGBUS, 2 usage, 3 the machine lacks something.
 */
#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../../bench/push_out.h"

#define PAGE	  4096UL
#define WORDS	  (PAGE / sizeof(uint64_t))
#define HUGE_PAGE (2UL << 20)
#define LOST	  UINT32_MAX /* the generation of a page whose content SIGBUS took */

static struct {
	size_t mib;
	unsigned int threads;
	unsigned int rounds;
	unsigned int seconds;
	unsigned int write_percent;
	unsigned int children;
	bool shared;
	bool random;
	bool large;
	bool no_pageout;
	bool again;
} opt = { .mib = 64, .threads = 1, .rounds = 1 };

struct page_state {
	pthread_rwlock_t lock; /* of the page's content, in shared slices */
	uint32_t generation;
};

static unsigned char *pages;
static struct page_state *states;
static size_t nr_pages;
static pthread_barrier_t barrier;
static atomic_size_t checked, bad, lost;
static struct timespec end_time;

static _Thread_local sigjmp_buf on_sigbus;
static _Thread_local volatile sig_atomic_t reading;
static volatile sig_atomic_t told_to_end;

static void die(int status, const char *what)
{
	fprintf(stderr, "pagecheck: %s: %s\n", what, strerror(errno));
	exit(status);
}

static uint64_t mix(uint64_t x)
{
	x ^= x >> 33;
	x *= 0xff51afd7ed558ccdULL;
	x ^= x >> 33;
	x *= 0xc4ceb9fe1a85ec53ULL;
	return x ^ x >> 33;
}

/* Half of each page repeats its first word: compressible, yet never filled with one byte. */
static uint64_t stamp(size_t page, uint32_t generation, size_t word)
{
	uint64_t key = mix(page << 32 | generation);

	return word < WORDS / 2 ? key : key + word * 0x9e3779b97f4a7c15ULL;
}

static void write_page(size_t page, uint32_t generation)
{
	uint64_t *word = (uint64_t *)(pages + page * PAGE);

	for (size_t i = 0; i < WORDS; i++)
		word[i] = stamp(page, generation, i);
}

/* The offset of the first wrong word, or -1. */
static ssize_t compare_page(size_t page, uint32_t generation)
{
	const uint64_t *word = (const uint64_t *)(pages + page * PAGE);

	for (size_t i = 0; i < WORDS; i++)
		if (word[i] != stamp(page, generation, i))
			return i * sizeof(*word);
	return -1;
}

static void handle_sigbus(int sig)
{
	if (!reading) {
		signal(sig, SIG_DFL);
		raise(sig);
		return;
	}
	siglongjmp(on_sigbus, 1);
}

static void handle_sigterm(int sig)
{
	told_to_end = sig;
}

/*
 * A page that was lost stays so, as its next store would be of a page that nobody can read; unless pages
 * are to be looked at again.
 */
static void check_page(size_t page)
{
	uint32_t generation = states[page].generation;
	ssize_t wrong;

	if (generation == LOST)
		return;
	if (sigsetjmp(on_sigbus, 1)) {
		reading = 0;
		if (!opt.again)
			states[page].generation = LOST;
		atomic_fetch_add(&lost, 1);
		return;
	}
	reading = 1;
	wrong = compare_page(page, generation);
	reading = 0;
	atomic_fetch_add(&checked, 1);
	if (wrong >= 0 && atomic_fetch_add(&bad, 1) < 10)
		fprintf(stderr, "pagecheck: page %zu of generation %u is wrong at byte %zd\n", page,
			generation, wrong);
}

static void visit(size_t page, uint64_t random)
{
	struct page_state *state = &states[page];
	bool writing = random % 100 < opt.write_percent;

	if (opt.shared) {
		if (writing)
			pthread_rwlock_wrlock(&state->lock);
		else
			pthread_rwlock_rdlock(&state->lock);
	}
	check_page(page);
	if (writing && state->generation != LOST)
		write_page(page, ++state->generation);
	if (opt.shared)
		pthread_rwlock_unlock(&state->lock);
}

static bool time_is_up(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return told_to_end || now.tv_sec > end_time.tv_sec ||
	       (now.tv_sec == end_time.tv_sec && now.tv_nsec >= end_time.tv_nsec);
}

/* A busy machine's link breaks without a cut, too. What the last round lost, the next may find. */
static bool is_last(unsigned int round)
{
	if (!opt.seconds)
		return round + 1 >= opt.rounds;
	return time_is_up() && !(opt.again && lost);
}

static void page_out(size_t first, size_t n)
{
	if (!opt.no_pageout && n && push_out(pages + first * PAGE, n * PAGE))
		die(3, "MADV_PAGEOUT");
}

/*
 * In own slices a thread pushes out and visits its part; in shared ones every thread visits all of
 * them, in step with the others or, when random, in an order of its own.
 */
static void *run_thread(void *arg)
{
	size_t me = (size_t)arg;
	size_t first = nr_pages * me / opt.threads;
	size_t n = nr_pages * (me + 1) / opt.threads - first;
	size_t visit_first = opt.shared ? 0 : first;
	size_t visit_n = opt.shared ? nr_pages : n;
	static atomic_bool stop;

	for (unsigned int round = 0;; round++) {
		page_out(first, n);
		if (me == 0 && opt.again)
			lost = 0;
		pthread_barrier_wait(&barrier);
		for (size_t i = 0; i < visit_n; i++) {
			uint64_t random = mix(mix(round * 1000003UL + me) + i);
			size_t at = opt.random ? mix(random) % visit_n : i;

			visit(visit_first + at, random);
		}
		/* All have visited: none adds to what is lost. */
		pthread_barrier_wait(&barrier);
		if (me == 0)
			stop = is_last(round);
		pthread_barrier_wait(&barrier);
		if (stop)
			return NULL;
	}
}

static void run_threads(void)
{
	pthread_t *threads = calloc(opt.threads, sizeof(*threads));

	if (!threads)
		die(3, "calloc");
	pthread_barrier_init(&barrier, NULL, opt.threads);
	for (size_t i = 0; i < opt.threads; i++)
		if ((errno = pthread_create(&threads[i], NULL, run_thread, (void *)i)))
			die(3, "pthread_create");
	for (size_t i = 0; i < opt.threads; i++)
		pthread_join(threads[i], NULL);
	free(threads);
}

static void check_all(void)
{
	for (size_t page = 0; page < nr_pages; page++)
		check_page(page);
}

/* Each child finds its parent's pages, writes every other one, and finds its own again. */
static int run_child(void)
{
	for (unsigned int round = 0; round < opt.rounds; round++) {
		page_out(0, nr_pages);
		check_all();
		for (size_t page = round % 2; page < nr_pages; page += 2)
			if (states[page].generation != LOST)
				write_page(page, states[page].generation += getpid() % 1000);
	}
	page_out(0, nr_pages);
	check_all();
	return bad ? 1 : lost ? 4 : 0;
}

static void run_children(void)
{
	int status;

	page_out(0, nr_pages);
	for (unsigned int i = 0; i < opt.children; i++) {
		pid_t pid = fork();

		if (pid < 0)
			die(3, "fork");
		if (!pid)
			_exit(run_child());
	}
	while (wait(&status) > 0) {
		if (!WIFEXITED(status) || WEXITSTATUS(status) == 1)
			atomic_fetch_add(&bad, 1);
		else if (WEXITSTATUS(status))
			atomic_fetch_add(&lost, 1);
	}
	/* What the children wrote is theirs. */
	check_all();
}

static void *map(size_t bytes)
{
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		die(3, "mmap");
	return at;
}

static void fill(void)
{
	nr_pages = (opt.mib << 20) / PAGE;
	pages = map(nr_pages * PAGE + HUGE_PAGE);
	pages = (void *)(((uintptr_t)pages + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1));
	madvise(pages, nr_pages * PAGE, opt.large ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	states = map(nr_pages * sizeof(*states));
	if (mlock(states, nr_pages * sizeof(*states)))
		die(3, "mlock");
	for (size_t page = 0; page < nr_pages; page++) {
		pthread_rwlock_init(&states[page].lock, NULL);
		write_page(page, 0);
	}
}

static unsigned int number(const char *text)
{
	char *rest;
	unsigned long n = strtoul(text, &rest, 10);

	if (*rest || rest == text || n > UINT32_MAX) {
		fprintf(stderr, "pagecheck: %s is not a whole number\n", text);
		exit(2);
	}
	return n;
}

static void usage(FILE *to)
{
	fputs("usage: pagecheck [OPTIONS]\n"
	      "  --mib N            memory to fill (default 64)\n"
	      "  --threads N        (default 1)\n"
	      "  --rounds N         push out and visit all pages so often (default 1)\n"
	      "  --seconds N        … or for so long, or until SIGTERM\n"
	      "  --write-percent N  of the visits, write anew so many (default 0)\n"
	      "  --shared           every thread visits all pages, not only its own slice\n"
	      "  --random           in random order\n"
	      "  --fork N           N children check and write copies instead of threads\n"
	      "  --large            ask for large folios\n"
	      "  --again            look at lost pages again: only the last round's count;\n"
	      "                     with --seconds, go on until a round finds all\n"
	      "  --no-pageout       leave it to the group's limit to push pages out\n",
	      to);
}

static void parse(int argc, char **argv)
{
	enum { MIB, THREADS, ROUNDS, SECS, WRITES, SHARED, RANDOM, FORK, LARGE, NO_OUT, AGAIN, HELP };
	static const struct option longs[] = { { "mib", 1, NULL, MIB },
					       { "threads", 1, NULL, THREADS },
					       { "rounds", 1, NULL, ROUNDS },
					       { "seconds", 1, NULL, SECS },
					       { "write-percent", 1, NULL, WRITES },
					       { "shared", 0, NULL, SHARED },
					       { "random", 0, NULL, RANDOM },
					       { "fork", 1, NULL, FORK },
					       { "large", 0, NULL, LARGE },
					       { "no-pageout", 0, NULL, NO_OUT },
					       { "again", 0, NULL, AGAIN },
					       { "help", 0, NULL, HELP },
					       {} };
	int o;

	while ((o = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (o) {
		case MIB:
			opt.mib = number(optarg);
			break;
		case THREADS:
			opt.threads = number(optarg);
			break;
		case ROUNDS:
			opt.rounds = number(optarg);
			break;
		case SECS:
			opt.seconds = number(optarg);
			break;
		case WRITES:
			opt.write_percent = number(optarg);
			break;
		case SHARED:
			opt.shared = true;
			break;
		case RANDOM:
			opt.random = true;
			break;
		case FORK:
			opt.children = number(optarg);
			break;
		case LARGE:
			opt.large = true;
			break;
		case NO_OUT:
			opt.no_pageout = true;
			break;
		case AGAIN:
			opt.again = true;
			break;
		case HELP:
			usage(stdout);
			exit(0);
		default:
			usage(stderr);
			exit(2);
		}
	}
	/* A page that is lost while it is written anew would be of two generations. */
	if (optind < argc || !opt.mib || !opt.threads || (opt.again && opt.write_percent)) {
		usage(stderr);
		exit(2);
	}
}

int main(int argc, char **argv)
{
	struct rusage before, after;

	parse(argc, argv);
	signal(SIGBUS, handle_sigbus);
	if (opt.seconds)
		signal(SIGTERM, handle_sigterm);
	fill();
	clock_gettime(CLOCK_MONOTONIC, &end_time);
	end_time.tv_sec += opt.seconds;
	getrusage(RUSAGE_SELF, &before);
	if (opt.children)
		run_children();
	else
		run_threads();
	getrusage(RUSAGE_SELF, &after);
	printf("pages %zu checked %zu bad %zu lost %zu majflt %ld\n", nr_pages, (size_t)checked,
	       (size_t)bad, (size_t)lost, after.ru_majflt - before.ru_majflt);
	return bad ? 1 : lost ? 4 : 0;
}
