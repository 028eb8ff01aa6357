/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/memserver/clients.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <infiniband/verbs.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "backend/memserver/log.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/opt.h"

#define QUEUE_PAIRS_LEAST 1
#define SEND_DEPTH	  1 /* of the probes */
#define RECEIVE_DEPTH	  1 /* of the good-bye */

/* 4.096 us * 2^17: a probe and its retries, six by the client's wish, give up after four seconds. */
#define ACK_TIMEOUT 17

/* wr_id */
enum { PROBE = 1, GOOD_BYE = 2 };

static struct memserver_head head(enum memserver_kind kind)
{
	return (struct memserver_head){
		.magic = htobe32(MEMSERVER_MAGIC),
		.version = htobe16(MEMSERVER_VERSION),
		.kind = htobe16(kind),
	};
}

static void peer_name(struct rdma_cm_id *id, char *dst, size_t size)
{
	struct sockaddr *peer = rdma_get_peer_addr(id);
	socklen_t len = peer->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
						    : sizeof(struct sockaddr_in);

	if (getnameinfo(peer, len, dst, size, NULL, 0, NI_NUMERICHOST))
		snprintf(dst, size, "unknown");
}

/* Tells the client why not, in words that it prints. Ends the id. */
static void refuse(struct clients *c, struct rdma_cm_id *id, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void refuse(struct clients *c, struct rdma_cm_id *id, const char *fmt, ...)
{
	struct memserver_refusal refusal = { .head = head(MEMSERVER_REFUSAL) };
	char name[64];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(refusal.why, sizeof(refusal.why), fmt, ap);
	va_end(ap);
	peer_name(id, name, sizeof(name));
	say("refused %s: %s", name, refusal.why);
	c->refused++;
	rdma_reject(id, &refusal, sizeof(refusal));
	rdma_destroy_id(id);
}

static void connection_close(struct connection *gone)
{
	struct client *client = gone->client;
	struct connection **at = &client->connections;

	while (*at != gone)
		at = &(*at)->next;
	*at = gone->next;
	client->nr_connections--;
	client->nr_up -= gone->up;
	rdma_disconnect(gone->id);
	if (gone->id->qp)
		rdma_destroy_qp(gone->id);
	rdma_destroy_id(gone->id);
	free(gone);
}

/* Takes what completed. False when a probe was not answered. */
static bool read_completions(struct client *client)
{
	struct ibv_wc wc;
	bool alive = true;

	while (ibv_poll_cq(client->cq, 1, &wc) > 0) {
		if (wc.wr_id == GOOD_BYE) {
			client->said_bye |= wc.status == IBV_WC_SUCCESS;
		} else {
			client->probing = false;
			alive &= wc.status == IBV_WC_SUCCESS;
		}
	}
	return alive;
}

static void close_connections(struct client *client)
{
	while (client->connections)
		connection_close(client->connections);
	/* What the old queue pairs left says nothing about new ones. */
	if (client->cq)
		read_completions(client);
	client->probing = false;
}

static void client_end(struct clients *c, struct client *gone)
{
	struct client **at = &c->list;

	while (*at != gone)
		at = &(*at)->next;
	*at = gone->next;
	c->nr--;
	close_connections(gone);
	if (gone->mr)
		ibv_dereg_mr(gone->mr);
	if (gone->cq)
		ibv_destroy_cq(gone->cq);
	if (gone->pd)
		ibv_dealloc_pd(gone->pd);
	if (gone->extent)
		memory_return(gone->extent);
	free(gone);
}

/* What it wrote is kept for as long as it may come back. */
static void client_lost(struct clients *c, struct client *client, const char *why)
{
	close_connections(client);
	client->lost_ns = clock_ns();
	c->lost++;
	say("lost %s: %s; keeping its memory for %llu s", client->name, why,
	    (unsigned long long)(c->linger_ns / NSEC_PER_SEC));
}

/* False when there is none. */
static bool end_longest_lost(struct clients *c)
{
	struct client *oldest = NULL;

	for (struct client *i = c->list; i; i = i->next)
		if (i->lost_ns && (!oldest || i->lost_ns < oldest->lost_ns))
			oldest = i;
	if (!oldest)
		return false;
	say("%s did not come back: its memory is wanted by another", oldest->name);
	client_end(c, oldest);
	return true;
}

/* Those whose clients vanished make room, when room is needed. */
static struct extent *take_memory(struct clients *c, uint64_t least, uint64_t most)
{
	struct extent *extent = memory_take(c->memory, least, most);

	while (!extent && end_longest_lost(c))
		extent = memory_take(c->memory, least, most);
	return extent;
}

static struct client *find_session(struct clients *c, uint64_t session)
{
	for (struct client *i = c->list; i; i = i->next)
		if (i->session == session)
			return i;
	return NULL;
}

static int register_memory(struct clients *c, struct client *client, struct ibv_context *verbs)
{
	const int access =
		IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_READ | IBV_ACCESS_REMOTE_WRITE;

	client->pd = ibv_alloc_pd(verbs);
	if (!client->pd)
		return -errno;
	client->cq =
		ibv_create_cq(verbs, client->granted * (SEND_DEPTH + RECEIVE_DEPTH), NULL, NULL, 0);
	if (!client->cq)
		return -errno;
	client->mr = ibv_reg_mr(client->pd, c->memory->base + client->extent->offset,
				client->extent->bytes, access);
	return client->mr ? 0 : -errno;
}

static int post_receive(struct ibv_qp *qp)
{
	struct ibv_recv_wr wr = { .wr_id = GOOD_BYE }, *bad;

	return ibv_post_recv(qp, &wr, &bad);
}

static int accept_connection(struct client *client, struct rdma_cm_id *id,
			     const struct rdma_conn_param *asked)
{
	struct ibv_qp_init_attr qp = {
		.qp_type = IBV_QPT_RC,
		.send_cq = client->cq,
		.recv_cq = client->cq,
		.cap = { .max_send_wr = SEND_DEPTH,
			 .max_recv_wr = RECEIVE_DEPTH,
			 .max_send_sge = 1,
			 .max_recv_sge = 1 },
	};
	struct memserver_grant grant = {
		.head = head(MEMSERVER_GRANT),
		.session = htobe64(client->session),
		.bytes = htobe64(client->extent->bytes),
		.address = htobe64((uintptr_t)client->mr->addr),
		.rkey = htobe32(client->mr->rkey),
		.queue_pairs = htobe16(client->granted),
	};
	struct rdma_conn_param answer = {
		.private_data = &grant,
		.private_data_len = sizeof(grant),
		.responder_resources = asked->responder_resources,
		.initiator_depth = asked->initiator_depth,
		.rnr_retry_count = 7,
	};
	uint8_t ack_timeout = ACK_TIMEOUT;
	struct connection *connection;

	rdma_set_option(id, RDMA_OPTION_ID, RDMA_OPTION_ID_ACK_TIMEOUT, &ack_timeout,
			sizeof(ack_timeout));
	if (rdma_create_qp(id, client->pd, &qp))
		return -errno;
	if (post_receive(id->qp) || rdma_accept(id, &answer)) {
		int r = -errno;

		rdma_destroy_qp(id);
		return r;
	}
	connection = xcalloc(1, sizeof(*connection));
	*connection =
		(struct connection){ .next = client->connections, .client = client, .id = id };
	client->connections = connection;
	client->nr_connections++;
	id->context = connection;
	return 0;
}

/* A comparison that takes as long for a wrong token as for the right one. */
static bool token_matches(const struct clients *c, const struct memserver_open *open)
{
	unsigned char different = 0;

	for (int i = 0; i < MEMSERVER_TOKEN_MAX; i++)
		different |= c->token[i] ^ open->token[i];
	return !different;
}

/* Device limits and ours, or 0 with the refusal sent. */
static unsigned int grant_queue_pairs(struct clients *c, struct rdma_cm_id *id,
				      const struct memserver_open *open)
{
	unsigned int least = be16toh(open->queue_pairs_least);
	unsigned int most = be16toh(open->queue_pairs_most);

	if (least < QUEUE_PAIRS_LEAST)
		least = QUEUE_PAIRS_LEAST;
	if (least > c->max_queue_pairs) {
		refuse(c, id, "%u queue pairs are more than --max-queue-pairs %llu: ask for fewer",
		       least, (unsigned long long)c->max_queue_pairs);
		return 0;
	}
	return most && most < c->max_queue_pairs ? most : c->max_queue_pairs;
}

static void open_session(struct clients *c, struct rdma_cm_id *id,
			 const struct rdma_conn_param *asked)
{
	const struct memserver_open *open = asked->private_data;
	uint64_t least = be64toh(open->bytes_least);
	char wanted[16], largest[16];
	struct client *client;
	unsigned int granted;
	int r;

	if (!token_matches(c, open)) {
		refuse(c, id, "wrong access token: give the line of the server's --token-file");
		return;
	}
	granted = grant_queue_pairs(c, id, open);
	if (!granted)
		return;
	if (c->nr >= c->max_clients && !end_longest_lost(c)) {
		refuse(c, id, "all %llu clients of --max-clients are there",
		       (unsigned long long)c->max_clients);
		return;
	}
	client = xcalloc(1, sizeof(*client));
	client->extent = take_memory(c, least, be64toh(open->bytes_most));
	if (!client->extent) {
		format_size(wanted, sizeof(wanted), least);
		format_size(largest, sizeof(largest), memory_largest(c->memory));
		refuse(c, id, "%s of memory asked, %s is what is free in one piece", wanted,
		       largest);
		free(client);
		return;
	}
	peer_name(id, client->name, sizeof(client->name));
	client->granted = granted;
	client->since_ns = clock_ns();
	if (getrandom(&client->session, sizeof(client->session), 0) < 0)
		abort();
	client->next = c->list;
	c->list = client;
	c->nr++;
	r = register_memory(c, client, id->verbs);
	if (!r)
		r = accept_connection(client, id, asked);
	if (r) {
		refuse(c, id, "cannot register memory: %s; see the server's ulimit -l",
		       strerror(-r));
		client_end(c, client);
		return;
	}
	c->served++;
}

/* Join, or resume: the first of a lost client's new connections. */
static void enter_session(struct clients *c, struct rdma_cm_id *id,
			  const struct rdma_conn_param *asked, enum memserver_kind kind)
{
	const struct memserver_join *join = asked->private_data;
	struct client *client = find_session(c, be64toh(join->session));
	int r;

	if (!client) {
		refuse(c, id, "no such session: this server has nothing of what was stored");
		return;
	}
	if (client->pd->context != id->verbs) {
		refuse(c, id, "the session began on RDMA device %s",
		       ibv_get_device_name(client->pd->context->device));
		return;
	}
	if (kind == MEMSERVER_RESUME) {
		close_connections(client);
		client->lost_ns = 0;
		say("%s resumes its session", client->name);
	}
	if (client->nr_connections >= client->granted) {
		refuse(c, id, "all %u queue pairs of the session are there", client->granted);
		return;
	}
	r = accept_connection(client, id, asked);
	if (r)
		refuse(c, id, "cannot make a queue pair: %s", strerror(-r));
}

static void connect_request(struct clients *c, struct rdma_cm_id *id,
			    const struct rdma_conn_param *asked)
{
	const struct memserver_head *h = asked->private_data;
	unsigned int kind;

	if (asked->private_data_len < sizeof(struct memserver_open) ||
	    h->magic != htobe32(MEMSERVER_MAGIC)) {
		refuse(c, id, "this is a memserver, and that no client of its");
		return;
	}
	if (h->version != htobe16(MEMSERVER_VERSION)) {
		refuse(c, id,
		       "the server speaks version %d of the handshake, the client %d: "
		       "build both from one source",
		       MEMSERVER_VERSION, be16toh(h->version));
		return;
	}
	kind = be16toh(h->kind);
	if (kind == MEMSERVER_OPEN)
		open_session(c, id, asked);
	else if (kind == MEMSERVER_JOIN || kind == MEMSERVER_RESUME)
		enter_session(c, id, asked, kind);
	else
		refuse(c, id, "no request of kind %u", kind);
}

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
	    ibv_get_device_name(client->pd->context->device));
}

static void disconnected(struct clients *c, struct connection *connection)
{
	struct client *client = connection->client;

	read_completions(client);
	connection_close(connection);
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
	char private_data[UINT8_MAX];

	if (asked.private_data)
		memcpy(private_data, asked.private_data, asked.private_data_len);
	asked.private_data = private_data;
	/* An id can't be destroyed while one of its events waits for this. */
	rdma_ack_cm_event(event);
	switch (type) {
	case RDMA_CM_EVENT_CONNECT_REQUEST:
		connect_request(c, id, &asked);
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
		else
			c->device_gone = true;
		break;
	default:
		break;
	}
}

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

	if (!read_completions(client))
		return false;
	if (client->probing || !connection || !connection->up)
		return true;
	client->probing = true;
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
		} else if (!i->lost_ns && !probe(i)) {
			client_lost(c, i, "it no longer answers");
		}
	}
}

void clients_close(struct clients *c)
{
	while (c->list)
		client_end(c, c->list);
}
