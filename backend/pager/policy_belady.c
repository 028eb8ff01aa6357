// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The page that is wanted last goes first (Belady, IBM Systems Journal 5(2), 1966): no policy has fewer
 * faults. When a page is wanted is looked up in a trace. The trace lacks what was used again a moment
 * later (trace_grain()), so a page that was used a moment ago stays.
 *
 * A heap has the resident pages, those on top that are wanted last. A page's word is where it is wanted
 * next, by which an entry of the heap is known to be void, and above that when it was used last.
 */
#include "backend/pager/policy.h"

#include <errno.h>

#include "backend/pager/trace.h"

#define FIRST_SIZE 4096u
#define MOST_ASIDE 4096u
#define NEXT_BITS  40
#define NEXT	   ((1ull << NEXT_BITS) - 1) /* also: never again */
#define USED_BITS  (64 - NEXT_BITS)
#define LONG_AGO   (1ull << (USED_BITS - 1))

struct entry {
	uint64_t next, page;
};

static struct entry *heap;
static uint64_t nr_entries, size;
static uint64_t done; /* the trace up to there is in words and heap */
static uint64_t uses; /* counted */

static bool is_valid(const struct entry *e, uint64_t **ret_word)
{
	*ret_word = pager_word(e->page);
	return *ret_word && (**ret_word & NEXT) == e->next;
}

/* --- the heap --------------------------------------------------------------------------------------- */

static void put(struct entry e)
{
	uint64_t i = nr_entries++;

	for (; i > 0 && heap[(i - 1) / 2].next < e.next; i = (i - 1) / 2)
		heap[i] = heap[(i - 1) / 2];
	heap[i] = e;
}

static struct entry take(void)
{
	struct entry top = heap[0], last = heap[--nr_entries];
	uint64_t i = 0, child;

	while ((child = 2 * i + 1) < nr_entries) {
		if (child + 1 < nr_entries && heap[child + 1].next > heap[child].next)
			child++;
		if (heap[child].next <= last.next)
			break;
		heap[i] = heap[child];
		i = child;
	}
	heap[i] = last;
	return top;
}

/* Void entries go; where few are, into a heap of twice the size. */
static void make_room(void)
{
	uint64_t old = nr_entries, valid = 0, *word;
	struct entry *from = heap, *larger = NULL;

	for (uint64_t i = 0; i < old; i++)
		valid += is_valid(&heap[i], &word);
	if (valid > size / 2)
		larger = pager_memory(2 * size * sizeof(*larger));
	if (larger) {
		heap = larger;
		size *= 2;
	}
	nr_entries = 0;
	for (uint64_t i = 0; i < old; i++) {
		if (is_valid(&from[i], &word))
			put(from[i]);
	}
}

/* It was used then, and is wanted next at or after from. */
static void set_next(uint64_t page, uint64_t *word, uint64_t used, uint64_t from)
{
	uint64_t next = trace_find(page, from);

	if (next == trace_length())
		next = NEXT;
	*word = used << NEXT_BITS | next;
	if (nr_entries == size)
		make_room();
	if (nr_entries < size) /* no memory: it stays */
		put((struct entry){ next, page });
}

/* --- the program goes on ------------------------------------------------------------------------------ */

/* What the program has passed since, it is taken to have used. */
static void catch_up(void)
{
	uint64_t *word;

	if (done > trace_now())
		done = trace_now();
	for (; done < trace_now(); done++) {
		word = pager_word(trace_page(done));
		uses++;
		if (word)
			set_next(trace_page(done), word, uses, done + 1);
	}
}

static int belady_start(struct policy_ctx *p)
{
	(void)p;
	size = FIRST_SIZE;
	nr_entries = done = uses = 0;
	heap = pager_memory(size * sizeof(*heap));
	return heap ? 0 : -ENOMEM;
}

static void belady_arrive(struct policy_ctx *p, uint64_t page, uint64_t *word, enum arrival how)
{
	(void)p;
	if (how == ARRIVED_AGAIN)
		return; /* when is known */
	catch_up();
	if (how == ARRIVED_AHEAD)
		set_next(page, word, uses - LONG_AGO, trace_now());
	else
		set_next(page, word, ++uses, trace_now());
}

/* How many uses ago is a moment. Without a trace, half of all pages were used a moment ago. */
static uint64_t moment(const struct policy_ctx *p)
{
	uint64_t grain = trace_grain() + trace_grain() / 4;

	if (grain > p->limit_pages / 2 || !trace_length())
		grain = p->limit_pages / 2;
	return grain < MOST_ASIDE ? grain : MOST_ASIDE;
}

static bool is_in_use(const uint64_t *word, uint64_t a_moment)
{
	return ((uses - (*word >> NEXT_BITS)) & ((1ull << USED_BITS) - 1)) <= a_moment;
}

static size_t belady_choose(struct policy_ctx *p, uint64_t *pages, size_t nr)
{
	static struct entry aside[MOST_ASIDE];
	uint64_t a_moment = moment(p), *word;
	size_t n = 0, nr_aside = 0;

	catch_up();
	while (n < nr && nr_entries) {
		struct entry e = take();

		if (!is_valid(&e, &word))
			continue;
		if (is_in_use(word, a_moment) && nr_aside < MOST_ASIDE) {
			aside[nr_aside++] = e;
			continue;
		}
		*word = NEXT - 1; /* another entry of this page is void now */
		pages[n++] = e.page;
	}
	if (!n && nr_aside) /* all are in use */
		pages[n++] = aside[--nr_aside].page;
	while (nr_aside)
		put(aside[--nr_aside]);
	return n;
}

const struct policy policy_belady = {
	.name = "belady",
	.summary = "the page that is wanted last goes first, by a trace: the bound of all policies",
	.needs_trace = true,
	.start = belady_start,
	.arrive = belady_arrive,
	.choose = belady_choose,
};
