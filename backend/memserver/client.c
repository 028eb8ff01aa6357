/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/memserver/client.h"

#include <infiniband/verbs.h>
#include <stdlib.h>
#include <string.h>

#include "backend/memserver/log.h"
#include "base/alloc.h"
#include "base/clock.h"

static void close_queue_pair(struct rdma_cm_id *id)
{
	rdma_disconnect(id);
	if (id->qp)
		rdma_destroy_qp(id);
	rdma_destroy_id(id);
}

void connection_close(struct client *client, struct connection *gone)
{
	struct connection **at = &client->connections;

	while (*at != gone)
		at = &(*at)->next;
	*at = gone->next;
	client->nr_connections--;
	client->nr_up -= gone->up;
	/* Its queue pair takes the probe with it. */
	if (client->probed == gone)
		client->probed = NULL;
	if (gone->stream)
		stream_stop(gone->stream);
	else
		close_queue_pair(gone->id);
	free(gone);
}

bool client_read_completions(struct client *client)
{
	struct ibv_wc wc;
	bool alive = true;

	while (client->registration.cq && ibv_poll_cq(client->registration.cq, 1, &wc) > 0) {
		if (wc.wr_id == GOOD_BYE) {
			client->said_bye |= wc.status == IBV_WC_SUCCESS;
		} else {
			client->probed = NULL;
			alive &= wc.status == IBV_WC_SUCCESS;
		}
	}
	return alive;
}

void client_close_connections(struct client *client)
{
	while (client->connections)
		connection_close(client, client->connections);
	/* What the old queue pairs left says nothing about new ones. */
	if (client->registration.cq)
		client_read_completions(client);
}

/* What a client leaves. No queue pair and no stream reaches it any more. */
struct cleaning {
	struct task task; /* first */
	struct registration registration;
	char *base;
	size_t bytes;
};

static void clean(struct task *task)
{
	struct cleaning *cleaning = (struct cleaning *)task;
	const struct registration *r = &cleaning->registration;

	if (r->mr)
		ibv_dereg_mr(r->mr);
	if (r->cq)
		ibv_destroy_cq(r->cq);
	if (r->pd)
		ibv_dealloc_pd(r->pd);
	memset(cleaning->base, 0, cleaning->bytes);
}

static void cleaned(struct task *task)
{
	free(task);
}

void client_end(struct clients *c, struct client *gone)
{
	struct cleaning *cleaning = xcalloc(1, sizeof(*cleaning));
	struct client **at = &c->list;

	while (*at != gone)
		at = &(*at)->next;
	*at = gone->next;
	c->nr--;
	client_close_connections(gone);
	*cleaning = (struct cleaning){ .task = { .run = clean, .finish = cleaned },
				       .registration = gone->registration,
				       .base = c->memory->base + gone->extent->offset,
				       .bytes = gone->extent->bytes };
	background_add(&c->background, &cleaning->task);
	memory_return(c->memory, gone->extent);
	free(gone);
}

void client_lost(struct clients *c, struct client *client, const char *why)
{
	client_close_connections(client);
	client->lost_ns = clock_ns();
	c->lost++;
	say("lost %s: %s; keeping its memory for %llu s", client->name, why,
	    (unsigned long long)(c->linger_ns / NSEC_PER_SEC));
}
