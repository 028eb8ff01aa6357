/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/memserver/room.h"

#include <stdlib.h>

#include "backend/memserver/log.h"
#include "base/alloc.h"
#include "base/clock.h"

static int by_loss(const void *a, const void *b)
{
	const struct client *const *x = a, *const *y = b;

	return ((*x)->lost_ns > (*y)->lost_ns) - ((*x)->lost_ns < (*y)->lost_ns);
}

/* Whose memory may go, the longest lost first. */
struct lost {
	struct client **clients;
	struct extent **extents;
	unsigned int n, n_old; /* n_old of the n are lost for longer than linger_min_ns */
};

static struct lost lost_new(const struct clients *c)
{
	struct lost lost = { .clients = xcalloc(c->nr + 1, sizeof(*lost.clients)),
			     .extents = xcalloc(c->nr + 1, sizeof(*lost.extents)) };
	uint64_t now_ns = clock_ns();

	for (struct client *i = c->list; i; i = i->next)
		if (i->lost_ns)
			lost.clients[lost.n++] = i;
	qsort(lost.clients, lost.n, sizeof(*lost.clients), by_loss);
	for (unsigned int i = 0; i < lost.n; i++) {
		lost.extents[i] = lost.clients[i]->extent;
		lost.n_old += now_ns - lost.clients[i]->lost_ns >= c->linger_min_ns;
	}
	return lost;
}

static void lost_release(struct lost *lost)
{
	free(lost->clients);
	free(lost->extents);
}

/* How many of the first n have to go for a new client with `least` bytes, or -1: that won't do. */
static int choose(const struct clients *c, struct lost *lost, unsigned int n, uint64_t least)
{
	int chosen = memory_choose(c->memory, lost->extents, n, least);

	if (chosen || c->nr < c->max_clients)
		return chosen;
	return n ? 1 : -1;
}

static struct client *holder(const struct clients *c, const struct extent *extent)
{
	struct client *i = c->list;

	while (i->extent != extent)
		i = i->next;
	return i;
}

enum room room_make(struct clients *c, uint64_t least)
{
	struct lost lost = lost_new(c);
	int chosen = choose(c, &lost, lost.n_old, least);
	enum room room = ROOM_THERE;

	if (chosen < 0)
		room = choose(c, &lost, lost.n, least) < 0 ? ROOM_NEVER : ROOM_LATER;
	for (int i = 0; i < chosen; i++) {
		struct client *gone = holder(c, lost.extents[i]);

		say("%s did not come back: its memory is wanted by another", gone->name);
		client_end(c, gone);
	}
	lost_release(&lost);
	return room;
}
