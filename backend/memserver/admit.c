/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/memserver/admit.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <infiniband/verbs.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "backend/memserver/log.h"
#include "backend/memserver/room.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/opt.h"

#define QUEUE_PAIRS_LEAST 1
#define SEND_DEPTH	  1 /* of the probes */
#define RECEIVE_DEPTH	  1 /* of the good-bye */

/* 4.096 us * 2^17: a probe and its retries, six by the client's wish, give up after four seconds. */
#define ACK_TIMEOUT 17

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
static void refuse(struct clients *c, struct rdma_cm_id *id, enum memserver_refusal_code code,
		   const char *fmt, ...) __attribute__((format(printf, 4, 5)));

static void refuse(struct clients *c, struct rdma_cm_id *id, enum memserver_refusal_code code,
		   const char *fmt, ...)
{
	struct memserver_refusal refusal = { .head = head(MEMSERVER_REFUSAL),
					     .code = htobe16(code) };
	char name[64];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(refusal.why, sizeof(refusal.why), fmt, ap);
	va_end(ap);
	peer_name(id, name, sizeof(name));
	say_sparingly("refused %s: %s", name, refusal.why);
	c->refused++;
	rdma_reject(id, &refusal, sizeof(refusal));
	rdma_destroy_id(id);
}

static struct client *find_session(struct clients *c, uint64_t session)
{
	for (struct client *i = c->list; i; i = i->next)
		if (i->session == session)
			return i;
	return NULL;
}

static unsigned int at_most(unsigned int n, unsigned int limit)
{
	return n < limit ? n : limit;
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
		.send_cq = client->registration.cq,
		.recv_cq = client->registration.cq,
		.cap = { .max_send_wr = SEND_DEPTH,
			 .max_recv_wr = RECEIVE_DEPTH,
			 .max_send_sge = 1,
			 .max_recv_sge = 1 },
	};
	struct memserver_grant grant = {
		.head = head(MEMSERVER_GRANT),
		.session = htobe64(client->session),
		.bytes = htobe64(client->extent->bytes),
		.address = htobe64((uintptr_t)client->registration.mr->addr),
		.rkey = htobe32(client->registration.mr->rkey),
		.queue_pairs = htobe16(client->granted),
	};
	struct rdma_conn_param answer = {
		.private_data = &grant,
		.private_data_len = sizeof(grant),
		.responder_resources = at_most(asked->responder_resources, client->reads_in),
		.initiator_depth = at_most(asked->initiator_depth, client->reads_out),
		.rnr_retry_count = 7,
	};
	uint8_t ack_timeout = ACK_TIMEOUT;
	struct connection *connection;
	int rc;

	rdma_set_option(id, RDMA_OPTION_ID, RDMA_OPTION_ID_ACK_TIMEOUT, &ack_timeout,
			sizeof(ack_timeout));
	if (rdma_create_qp(id, client->registration.pd, &qp))
		return -errno;
	rc = -post_receive(id->qp);
	if (!rc && rdma_accept(id, &answer))
		rc = -errno;
	if (rc) {
		rdma_destroy_qp(id);
		return rc;
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

/* What the device can do and --max-queue-pairs allows, or 0 with the refusal sent. */
static unsigned int grant_queue_pairs(struct clients *c, struct rdma_cm_id *id,
				      const struct memserver_open *open,
				      const struct ibv_device_attr *device)
{
	unsigned int least = be16toh(open->queue_pairs_least);
	unsigned int most = be16toh(open->queue_pairs_most);
	unsigned int can = at_most(device->max_cqe / (SEND_DEPTH + RECEIVE_DEPTH), device->max_qp);
	unsigned int limit = at_most(c->max_queue_pairs, can);

	if (least < QUEUE_PAIRS_LEAST)
		least = QUEUE_PAIRS_LEAST;
	if (most && most < least)
		refuse(c, id, MEMSERVER_FINAL, "at least %u queue pairs asked, at most %u", least,
		       most);
	else if (least > c->max_queue_pairs)
		refuse(c, id, MEMSERVER_FINAL,
		       "%u queue pairs are more than --max-queue-pairs %llu: ask for fewer", least,
		       (unsigned long long)c->max_queue_pairs);
	else if (least > can)
		refuse(c, id, MEMSERVER_FINAL,
		       "%u queue pairs are more than the %u of the server's %s: ask for fewer",
		       least, can, ibv_get_device_name(id->verbs->device));
	else
		return most ? at_most(most, limit) : limit;
	return 0;
}

/* Nobody has lost anything to a request that this refuses. */
static bool find_room(struct clients *c, struct rdma_cm_id *id, uint64_t least)
{
	uint64_t largest = memory_largest(c->memory);
	char wanted[16], there[16];
	enum room room;

	format_size(wanted, sizeof(wanted), least);
	if (c->max_bytes && least > c->max_bytes) {
		format_size(there, sizeof(there), c->max_bytes);
		refuse(c, id, MEMSERVER_FINAL, "%s of memory asked, --max-bytes-per-client is %s",
		       wanted, there);
		return false;
	}
	room = room_make(c, least);
	if (room == ROOM_THERE)
		return true;
	format_size(there, sizeof(there), largest);
	if (room == ROOM_LATER)
		refuse(c, id, MEMSERVER_TRANSIENT,
		       "what a client left that may come back is kept: try again later");
	else if (largest < least)
		refuse(c, id, MEMSERVER_FINAL,
		       "%s of memory asked, %s is what is free in one piece", wanted, there);
	else
		refuse(c, id, MEMSERVER_FINAL, "all %llu clients of --max-clients are there",
		       (unsigned long long)c->max_clients);
	return false;
}

static uint64_t new_session(struct clients *c)
{
	uint64_t session = 0;

	while (!session || find_session(c, session))
		if (getrandom(&session, sizeof(session), 0) < 0)
			abort();
	return session;
}

/* 0 asks for all there is. */
static uint64_t most_bytes(const struct clients *c, uint64_t asked)
{
	if (!asked)
		return c->max_bytes;
	return c->max_bytes && c->max_bytes < asked ? c->max_bytes : asked;
}

static struct client *client_new(struct clients *c, struct rdma_cm_id *id, struct extent *extent,
				 const struct ibv_device_attr *device)
{
	struct client *client = xcalloc(1, sizeof(*client));

	client->extent = extent;
	peer_name(id, client->name, sizeof(client->name));
	client->since_ns = clock_ns();
	client->session = new_session(c);
	client->reads_in = at_most(device->max_qp_rd_atom, UINT8_MAX);
	client->reads_out = at_most(device->max_qp_init_rd_atom, UINT8_MAX);
	client->next = c->list;
	c->list = client;
	c->nr++;
	return client;
}

/* An OPEN whose memory is being registered. */
struct opening {
	struct task task; /* first */
	struct clients *clients;
	struct client *client;
	struct rdma_cm_id *id; /* NULL: the peer has gone meanwhile */
	struct ibv_context *verbs;
	struct rdma_conn_param asked;
	int rc;
};

static void register_memory(struct task *task)
{
	struct opening *opening = (struct opening *)task;
	struct registration *r = &opening->client->registration;
	const struct client *client = opening->client;
	const int access =
		IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_READ | IBV_ACCESS_REMOTE_WRITE;

	r->pd = ibv_alloc_pd(opening->verbs);
	if (r->pd)
		r->cq = ibv_create_cq(opening->verbs,
				      client->granted * (SEND_DEPTH + RECEIVE_DEPTH), NULL, NULL,
				      0);
	if (r->cq)
		r->mr = ibv_reg_mr(r->pd, opening->clients->memory->base + client->extent->offset,
				   client->extent->bytes, access);
	opening->rc = r->mr ? 0 : -errno;
}

static void registered(struct task *task)
{
	struct opening *opening = (struct opening *)task;
	struct client *client = opening->client;
	struct clients *c = opening->clients;
	int rc = opening->rc;

	client->opening = NULL;
	if (!rc && opening->id)
		rc = accept_connection(client, opening->id, &opening->asked);
	if (rc && opening->id)
		refuse(c, opening->id, MEMSERVER_FINAL,
		       "cannot register memory: %s; see the server's ulimit -l", strerror(-rc));
	if (client->connections)
		c->served++;
	else
		client_end(c, client);
	free(opening);
}

bool admit_forget(struct clients *c, struct rdma_cm_id *id)
{
	struct client *i = c->list;

	while (i && !(i->opening && i->opening->id == id))
		i = i->next;
	if (!i)
		return false;
	i->opening->id = NULL;
	rdma_destroy_id(id);
	return true;
}

static void open_session(struct clients *c, struct rdma_cm_id *id,
			 const struct rdma_conn_param *asked)
{
	const struct memserver_open *open = asked->private_data;
	uint64_t least = be64toh(open->bytes_least), most = be64toh(open->bytes_most);
	struct ibv_device_attr device;
	struct client *client;
	unsigned int granted;
	int rc;

	if (!token_matches(c, open)) {
		refuse(c, id, MEMSERVER_FINAL,
		       "wrong access token: give the line of the server's --token-file");
		return;
	}
	if (most && most < least) {
		refuse(c, id, MEMSERVER_FINAL, "more bytes asked at least than at most");
		return;
	}
	rc = ibv_query_device(id->verbs, &device);
	if (rc) {
		refuse(c, id, MEMSERVER_TRANSIENT, "cannot ask the RDMA device: %s", strerror(rc));
		return;
	}
	granted = grant_queue_pairs(c, id, open, &device);
	if (!granted || !find_room(c, id, least ? least : 1))
		return;
	client = client_new(c, id, memory_take(c->memory, least, most_bytes(c, most)), &device);
	client->granted = granted;
	client->opening = xcalloc(1, sizeof(*client->opening));
	*client->opening =
		(struct opening){ .task = { .run = register_memory, .finish = registered },
				  .clients = c,
				  .client = client,
				  .id = id,
				  .verbs = id->verbs,
				  .asked = *asked };
	client->opening->asked.private_data = NULL;
	background_add(&c->background, &client->opening->task);
}

/*
 * Join, or resume: the first of a lost client's new connections. The session counts as lost until that
 * one is accepted, so that a resume which fails can be tried again.
 */
static void enter_session(struct clients *c, struct rdma_cm_id *id,
			  const struct rdma_conn_param *asked, enum memserver_kind kind)
{
	const struct memserver_join *join = asked->private_data;
	struct client *client = find_session(c, be64toh(join->session));
	int rc;

	if (!client || client->opening) {
		refuse(c, id, MEMSERVER_FINAL,
		       "no such session: this server has nothing of what was stored");
		return;
	}
	if (client->registration.pd->context != id->verbs) {
		refuse(c, id, MEMSERVER_TRANSIENT, "the session began on RDMA device %s",
		       ibv_get_device_name(client->registration.pd->context->device));
		return;
	}
	if (kind == MEMSERVER_RESUME) {
		client_close_connections(client);
		client->lost_ns = client->lost_ns ? client->lost_ns : clock_ns();
	}
	if (kind == MEMSERVER_JOIN && client->lost_ns) {
		refuse(c, id, MEMSERVER_TRANSIENT, "the session was lost: resume it first");
		return;
	}
	if (client->nr_connections >= client->granted) {
		refuse(c, id, MEMSERVER_TRANSIENT, "all %u queue pairs of the session are there",
		       client->granted);
		return;
	}
	rc = accept_connection(client, id, asked);
	if (rc) {
		refuse(c, id, MEMSERVER_TRANSIENT, "cannot make a queue pair: %s", strerror(-rc));
		return;
	}
	if (kind == MEMSERVER_RESUME)
		say("%s resumes its session", client->name);
	client->lost_ns = 0;
}

void admit_request(struct clients *c, struct rdma_cm_id *id, const struct rdma_conn_param *asked)
{
	const struct memserver_head *h = asked->private_data;
	unsigned int kind;

	if (asked->private_data_len < sizeof(struct memserver_open) ||
	    h->magic != htobe32(MEMSERVER_MAGIC)) {
		refuse(c, id, MEMSERVER_FINAL, "this is a memserver, and that no client of its");
		return;
	}
	if (h->version != htobe16(MEMSERVER_VERSION)) {
		refuse(c, id, MEMSERVER_FINAL,
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
		refuse(c, id, MEMSERVER_FINAL, "no request of kind %u", kind);
}
