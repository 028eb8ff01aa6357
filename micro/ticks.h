/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The clock around a single touch. On x86 with an invariant TSC it is rdtscp, calibrated against
 * CLOCK_MONOTONIC_RAW; elsewhere clock_gettime().
 */
#ifndef MICRO_TICKS_H
#define MICRO_TICKS_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct ticks {
	bool tsc;
	double ns_per_tick;
	uint64_t ns_scaled;  /* the same, times 2^32 */
	double cost_ns;	     /* of two readings with nothing between: what each latency contains */
	const char *why_not; /* why the TSC is not used, or NULL */
};

/* Takes a quarter of a second. */
void ticks_init(struct ticks *t);

static inline uint64_t ticks_raw_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_RAW, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* Everything before it has completed, nothing after it has begun (Intel SDM vol. 2B, RDTSCP). */
static inline uint64_t ticks_now(const struct ticks *t)
{
#ifdef __x86_64__
	if (__builtin_expect(t->tsc, 1)) {
		uint32_t low, high;

		__asm__ volatile("rdtscp\n\tlfence" : "=a"(low), "=d"(high) : : "rcx", "memory");
		return (uint64_t)high << 32 | low;
	}
#endif
	(void)t;
	return ticks_raw_ns();
}

static inline uint64_t ticks_to_ns(const struct ticks *t, uint64_t ticks)
{
	return (uint64_t)(((unsigned __int128)ticks * t->ns_scaled) >> 32);
}

#endif
