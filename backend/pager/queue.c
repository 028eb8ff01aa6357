// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/pager/queue.h"

#include <errno.h>

#include "backend/pager/policy.h"

#define FIRST_SIZE 4096u

int queue_init(struct queue *q)
{
	*q = (struct queue){ .pages = pager_memory(FIRST_SIZE * sizeof(*q->pages)),
			     .size = FIRST_SIZE };
	return q->pages ? 0 : -ENOMEM;
}

static bool is_valid(const struct queue *q, uint64_t place, uint64_t **ret_word)
{
	*ret_word = pager_word(q->pages[place % q->size]);
	return *ret_word && (**ret_word & QUEUE_PLACE) == (place & QUEUE_PLACE);
}

static void set_place(uint64_t *word, uint64_t place)
{
	*word = (*word & ~QUEUE_PLACE) | (place & QUEUE_PLACE);
}

/* Void entries go; where few are, into a ring of twice the size. The old one's memory is not used again:
 * all of them together are as large as the last. */
static void make_room(struct queue *q)
{
	uint64_t to = q->first, *word, valid = 0;
	struct queue old = *q;

	for (uint64_t i = q->first; i < q->end; i++)
		valid += is_valid(q, i, &word);
	if (valid > q->size / 2) {
		uint64_t *larger = pager_memory(2 * q->size * sizeof(*larger));

		if (larger) {
			q->pages = larger;
			q->size *= 2;
		}
	}
	for (uint64_t i = old.first; i < old.end; i++) {
		if (!is_valid(&old, i, &word))
			continue;
		q->pages[to % q->size] = old.pages[i % old.size];
		set_place(word, to++);
	}
	q->end = to;
}

void queue_put(struct queue *q, uint64_t page, uint64_t *word)
{
	if (q->end - q->first == q->size)
		make_room(q);
	if (q->end - q->first == q->size) /* no memory: the oldest is forgotten, and stays */
		q->first++;
	q->pages[q->end % q->size] = page;
	set_place(word, q->end++);
}

bool queue_take(struct queue *q, uint64_t *ret_page, uint64_t **ret_word)
{
	while (q->first < q->end) {
		uint64_t place = q->first++;

		*ret_page = q->pages[place % q->size];
		if (is_valid(q, place, ret_word)) {
			set_place(*ret_word, QUEUE_PLACE);
			return true;
		}
	}
	return false;
}
