/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/memserver/clients.h"

#include <errno.h>
#include <infiniband/verbs.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "backend/memserver/admit.h"
#include "backend/memserver/log.h"
#include "base/clock.h"
#include "base/opt.h"

static void established(struct connection *connection)
{
	struct client *client = connection->client;
	char bytes[16];

	connection->up = true;
	client->nr_up++;
	if (client->nr_up != 1)
		return;
	format_size(bytes, sizeof(bytes), client->extent->bytes);
	say("serving %s: %s, up to %u queue pairs, over %s", client->name, bytes, client->granted,
	    ibv_get_device_name(client->registration.pd->context->device));
}

static void disconnected(struct clients *c, struct connection *connection)
{
	struct client *client = connection->client;

	client_read_completions(client);
	connection_close(client, connection);
	if (client->nr_connections)
		return;
	if (client->said_bye) {
		say("%s left", client->name);
		client_end(c, client);
	} else {
		client_lost(c, client, "it disconnected");
	}
}

void clients_event(struct clients *c, struct rdma_cm_event *event)
{
	struct rdma_conn_param asked = event->param.conn;
	enum rdma_cm_event_type type = event->event;
	struct rdma_cm_id *id = event->id;
	char private_data[UINT8_MAX] = { 0 };

	if (asked.private_data)
		memcpy(private_data, asked.private_data, asked.private_data_len);
	asked.private_data = private_data;
	/* An id can't be destroyed while one of its events waits for this. */
	rdma_ack_cm_event(event);
	switch (type) {
	case RDMA_CM_EVENT_CONNECT_REQUEST:
		admit_request(c, id, &asked);
		break;
	case RDMA_CM_EVENT_ESTABLISHED:
		established(id->context);
		break;
	case RDMA_CM_EVENT_DISCONNECTED:
	case RDMA_CM_EVENT_CONNECT_ERROR:
	case RDMA_CM_EVENT_UNREACHABLE:
	case RDMA_CM_EVENT_REJECTED:
	case RDMA_CM_EVENT_DEVICE_REMOVAL:
		if (id->context)
			disconnected(c, id->context);
		else if (!admit_forget(c, id))
			c->device_gone = true;
		break;
	default:
		break;
	}
}

/* --- streams ---------------------------------------------------------------------------------- */

/* Nothing arrives by any stream of that owner from here on, but for the one that asked. */
static void cut(struct client *client, struct connection *asked)
{
	uint32_t owner = stream_owner_to_cut(asked->stream);
	struct connection *next;

	for (struct connection *i = client->connections; i; i = next) {
		next = i->next;
		if (i != asked && i->stream && i->owner == owner)
			connection_close(client, i);
	}
	stream_cut_done(asked->stream);
}

/* True: one is gone, or several; the list has to be read from its start. */
static bool read_stream(struct client *client, struct connection *connection)
{
	enum stream_news news = stream_news(connection->stream);

	if (news == STREAM_SERVES)
		return false;
	if (news == STREAM_WANTS_CUT) {
		cut(client, connection);
	} else {
		if (news == STREAM_ENDED && stream_fault(connection->stream))
			say_sparingly("disconnecting %s: it %s", client->name,
				      stream_fault(connection->stream));
		client->said_bye |= news == STREAM_SAID_BYE;
		connection_close(client, connection);
	}
	return true;
}

static void read_streams(struct clients *c, struct client *client)
{
	struct connection *i = client->connections;

	while (i)
		i = read_stream(client, i) ? client->connections : i->next;
	if (client->opening || (client->nr_connections && !client->said_bye))
		return;
	say(client->said_bye ? "%s left" : "%s is gone: its memory is free", client->name);
	c->lost += !client->said_bye;
	client_end(c, client);
}

void clients_news(struct clients *c)
{
	struct client *next;
	eventfd_t n;

	eventfd_read(c->news_fd, &n);
	for (struct client *i = c->list; i; i = next) {
		next = i->next;
		if (i->by_tcp)
			read_streams(c, i);
	}
}

/* --- now and then ------------------------------------------------------------------------------- */

/*
 * Reads and writes of clients pass the server by, so a client that vanished leaves no trace. A
 * write of no bytes is answered by the client's NIC, or not.
 */
static bool probe(struct client *client)
{
	struct ibv_send_wr wr = { .wr_id = PROBE,
				  .opcode = IBV_WR_RDMA_WRITE,
				  .send_flags = IBV_SEND_SIGNALED },
			   *bad;
	struct connection *connection = client->connections;

	if (client->by_tcp) /* the kernel finds out: SO_KEEPALIVE */
		return true;
	if (!client_read_completions(client))
		return false;
	if (client->probed || !connection || !connection->up)
		return true;
	client->probed = connection;
	return !ibv_post_send(connection->id->qp, &wr, &bad);
}

void clients_tick(struct clients *c)
{
	struct client *next;
	uint64_t now_ns = clock_ns();

	for (struct client *i = c->list; i; i = next) {
		next = i->next;
		if (i->lost_ns && now_ns - i->lost_ns >= c->linger_ns) {
			say("%s did not come back: its memory is free", i->name);
			client_end(c, i);
		} else if (!i->lost_ns && !i->opening && !probe(i)) {
			client_lost(c, i, "it no longer answers");
		}
	}
}

int clients_open(struct clients *c, struct err *err)
{
	int rc;

	c->news_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (c->news_fd < 0)
		return err_failed(err, errno, "cannot make an eventfd");
	rc = background_start(&c->background, err);
	if (rc)
		close(c->news_fd);
	return rc;
}

void clients_close(struct clients *c)
{
	background_drain(&c->background);
	while (c->list)
		client_end(c, c->list);
	background_stop(&c->background);
	close(c->news_fd);
}
