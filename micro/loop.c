// SPDX-License-Identifier: GPL-2.0-or-later
#include "micro/loop.h"

#include <assert.h>
#include <string.h>
#include <sys/resource.h>

static const char *const access_names[] = {
	[ACCESS_READ] = "read",
	[ACCESS_WRITE] = "write",
	[ACCESS_READ_THEN_WRITE] = "read-then-write",
};

enum access access_kind(const char *name)
{
	for (size_t i = 0; i < sizeof(access_names) / sizeof(access_names[0]); i++) {
		if (strcmp(access_names[i], name) == 0)
			return (enum access)i;
	}
	assert(!"an access that its option let pass");
	return ACCESS_READ;
}

static bool stopped(const struct walk *w)
{
	return atomic_load_explicit(w->stop, memory_order_relaxed);
}

static __attribute__((noinline)) void look(struct walk *w, uint64_t page)
{
	w->until_look = LOOK_EVERY;
	w->looked++;
	w->near += region_is_mapped(w->region, w->pagemap_fd, page);
}

void loop_count(struct walk *w, _Atomic uint64_t *touched)
{
	for (uint64_t n = 0; n < w->most && !stopped(w);) {
		uint64_t page = order_next(&w->order);

		if (__builtin_expect(--w->until_look == 0, 0))
			look(w, page);
		touch(region_page(w->region, page), w->access, region_stamp(w->region, page),
		      w->verify);
		if (__builtin_expect(w->verify, 0))
			walk_verify(w, page);
		atomic_store_explicit(touched, ++n, memory_order_relaxed);
	}
}

struct fault_count {
	long major, minor;
};

static enum fault_kind count_faults(struct fault_count *before)
{
	struct rusage usage;
	enum fault_kind kind;

	getrusage(RUSAGE_THREAD, &usage);
	kind = usage.ru_majflt != before->major	  ? FAULT_MAJOR
	       : usage.ru_minflt != before->minor ? FAULT_MINOR
						  : FAULT_NONE;
	*before = (struct fault_count){ usage.ru_majflt, usage.ru_minflt };
	return kind;
}

/* The moment a touch is due; *late counts those whose moment has passed. */
static uint64_t wait_until_due(struct timing *t, uint64_t due)
{
	uint64_t now = ticks_now(t->ticks);

	t->late += now > due;
	while (now < due)
		now = ticks_now(t->ticks);
	return due;
}

void loop_time(struct walk *w, struct timing *t, _Atomic uint64_t *touched)
{
	uint64_t interval = (uint64_t)((double)t->interval_ns / t->ticks->ns_per_tick);
	uint64_t due = ticks_now(t->ticks);
	struct fault_count faults = { 0, 0 };

	count_faults(&faults);
	for (uint64_t n = 0; n < w->most && !stopped(w);) {
		uint64_t page = order_next(&w->order), stamp = region_stamp(w->region, page);
		uint64_t *word = region_page(w->region, page);
		uint64_t begin, end;
		enum fault_kind kind;

		due += interval;
		begin = interval ? wait_until_due(t, due) : ticks_now(t->ticks);
		touch(word, w->access, stamp, w->verify);
		end = ticks_now(t->ticks);

		kind = count_faults(&faults);
		if (atomic_load_explicit(t->recording, memory_order_relaxed))
			hist_add(t->hist[kind], ticks_to_ns(t->ticks, end - begin));
		if (w->verify) {
			walk_verify(w, page);
			count_faults(&faults); /* renewing a page may fault too */
		}
		atomic_store_explicit(touched, ++n, memory_order_relaxed);
	}
}
