// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A program to be measured, as yours might be: fills a hash table, then looks keys up for a time.
 *
 *	cc -O2 -o ht examples/hash_table.c && ./ht 256 3
 *
 * It prints its rate at the end; and it tells fmbench when the table is full, and waits until memory has
 * shrunk, so that its clock has nothing of that in it:
 *
 *	fmbench run --ratio 1,0.5 --ready fd --limit-at ready \
 *		--metric 'probes/s=probes/s: ([0-9.]+)' -- ./ht 256 3
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define MANY 4096 /* lookups between two looks at the clock */

#define SEED 88172645463325252ull

static uint64_t seed = SEED;

/* xorshift64 (Marsaglia 2003): never 0, which stands for an empty slot. */
static uint64_t next_random(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The key's slot, or the empty one where it would be. */
static uint64_t *find(uint64_t *slots, uint64_t mask, uint64_t key)
{
	uint64_t at = (key * 0x9e3779b97f4a7c15ull) >> 20 & mask;

	while (slots[at] && slots[at] != key)
		at = (at + 1) & mask;
	return &slots[at];
}

/* Memory is full. Outside fmbench there is nobody to tell. */
static void say_ready(void)
{
	const char *fd = getenv("FMBENCH_READY_FD");
	char word[8];

	if (fd && write(atoi(fd), "ready\n", 6) == 6 && read(atoi(fd), word, sizeof(word)) < 0)
		perror("FMBENCH_READY_FD");
}

int main(int argc, char *argv[])
{
	uint64_t mib = argc > 1 ? strtoull(argv[1], NULL, 10) : 256, size = 1, mask;
	double seconds = argc > 2 ? atof(argv[2]) : 3, begin;
	uint64_t *slots, probes = 0, found = 0;

	while (size * 2 <= (mib << 20) / sizeof(*slots))
		size *= 2;
	mask = size - 1;
	slots = calloc(size, sizeof(*slots));
	if (!slots)
		return EXIT_FAILURE;
	for (uint64_t i = 0; i < size / 2; i++) {
		uint64_t key = next_random();

		*find(slots, mask, key) = key;
	}
	say_ready();
	seed = SEED; /* the same keys again */
	begin = now_s();
	do {
		for (int i = 0; i < MANY; i++)
			found += *find(slots, mask, next_random()) != 0;
		probes += MANY;
	} while (now_s() - begin < seconds);
	printf("probes/s: %.0f (found %llu)\n", (double)probes / (now_s() - begin),
	       (unsigned long long)found);
	return EXIT_SUCCESS;
}
