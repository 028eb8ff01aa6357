// SPDX-License-Identifier: GPL-2.0-or-later
#include "micro/ticks.h"

#include <math.h>
#include <stdlib.h>

#ifdef __x86_64__
#include <cpuid.h>
#endif

#define CALIBRATE_NS  100000000ull
#define AGREEMENT     1e-4 /* two calibrations may differ by this share */
#define COST_READINGS 10000

/* NULL: it can be used. */
static const char *why_no_tsc(void)
{
#ifdef __x86_64__
	unsigned int a, b, c, d;

	if (!__get_cpuid(0x80000001, &a, &b, &c, &d) || !(d & 1u << 27))
		return "this CPU has no rdtscp";
	if (!__get_cpuid(0x80000007, &a, &b, &c, &d) || !(d & 1u << 8))
		return "this CPU's TSC is not invariant (CPUID 80000007h, EDX bit 8)";
	return NULL;
#else
	return "no TSC on this architecture";
#endif
}

/* Both clocks at one moment: the closest of some pairs, as an interrupt may come between. */
static void read_both(const struct ticks *t, uint64_t *ret_ticks, uint64_t *ret_ns)
{
	uint64_t best = UINT64_MAX;

	for (int i = 0; i < 20; i++) {
		uint64_t before = ticks_now(t), ns = ticks_raw_ns(), after = ticks_now(t);

		if (after - before < best) {
			best = after - before;
			*ret_ticks = before + best / 2;
			*ret_ns = ns;
		}
	}
}

static double calibrate(const struct ticks *t)
{
	uint64_t begin_ticks, begin_ns, end_ticks, end_ns;

	read_both(t, &begin_ticks, &begin_ns);
	do
		read_both(t, &end_ticks, &end_ns);
	while (end_ns - begin_ns < CALIBRATE_NS);
	return (double)(end_ns - begin_ns) / (double)(end_ticks - begin_ticks);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* A mean, as some TSCs advance in steps of 10 ns and more; the slowest tenth is interrupts. */
static double measure_cost(const struct ticks *t)
{
	double ns[COST_READINGS], sum = 0;
	size_t nr = COST_READINGS - COST_READINGS / 10;

	for (size_t i = 0; i < COST_READINGS; i++) {
		uint64_t begin = ticks_now(t), end = ticks_now(t);

		ns[i] = (double)(end - begin) * t->ns_per_tick;
	}
	qsort(ns, COST_READINGS, sizeof(*ns), compare);
	for (size_t i = 0; i < nr; i++)
		sum += ns[i];
	return sum / (double)nr;
}

void ticks_init(struct ticks *t)
{
	*t = (struct ticks){ .ns_per_tick = 1, .why_not = why_no_tsc() };

	if (!t->why_not) {
		t->tsc = true;

		double first = calibrate(t), second = calibrate(t);

		t->ns_per_tick = second;
		if (fabs(first - second) > AGREEMENT * second) {
			t->why_not = "two calibrations of the TSC disagree by more than 0.01 %";
			t->tsc = false;
			t->ns_per_tick = 1;
		}
	}
	t->ns_scaled = (uint64_t)(t->ns_per_tick * 4294967296.0);
	t->cost_ns = measure_cost(t);
}
