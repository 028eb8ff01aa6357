/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/memserver/admit.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <infiniband/verbs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backend/memserver/log.h"
#include "backend/memserver/room.h"
#include "backend/memserver/wire.h"
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

/* Who asks: over RDMA by an id, or over TCP by a descriptor. */
struct caller {
	struct rdma_cm_id *id; /* NULL: over TCP */
	const struct rdma_conn_param *asked;
	int fd;
};

static void peer_name(const struct caller *caller, char *dst, size_t size)
{
	struct sockaddr_storage address = { 0 };
	struct sockaddr *peer = (struct sockaddr *)&address;
	socklen_t len = sizeof(address);
	int rc = 0;

	if (caller->id) {
		peer = rdma_get_peer_addr(caller->id);
		len = peer->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
						  : sizeof(struct sockaddr_in);
	} else {
		rc = getpeername(caller->fd, peer, &len);
	}
	if (rc || getnameinfo(peer, len, dst, size, NULL, 0, NI_NUMERICHOST))
		snprintf(dst, size, "unknown");
}

static void reject(const struct caller *caller, const struct memserver_refusal *refusal)
{
	if (caller->id) {
		rdma_reject(caller->id, refusal, sizeof(*refusal));
		rdma_destroy_id(caller->id);
		return;
	}
	/* Whoever went meanwhile does not hear of it. */
	(void)!send(caller->fd, refusal, sizeof(*refusal), MSG_NOSIGNAL | MSG_DONTWAIT);
	close(caller->fd);
}

/* Tells the client why not, in words that it prints. Ends the id, or closes the descriptor. */
static void refuse(struct clients *c, const struct caller *caller, enum memserver_refusal_code code,
		   const char *fmt, ...) __attribute__((format(printf, 4, 5)));

static void refuse(struct clients *c, const struct caller *caller, enum memserver_refusal_code code,
		   const char *fmt, ...)
{
	struct memserver_refusal refusal = { .head = head(MEMSERVER_REFUSAL),
					     .code = htobe16(code) };
	char name[64];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(refusal.why, sizeof(refusal.why), fmt, ap);
	va_end(ap);
	peer_name(caller, name, sizeof(name));
	say_sparingly("refused %s: %s", name, refusal.why);
	c->refused++;
	reject(caller, &refusal);
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

static struct memserver_grant grant_of(const struct client *client, uint64_t address, uint32_t rkey)
{
	return (struct memserver_grant){
		.head = head(MEMSERVER_GRANT),
		.session = htobe64(client->session),
		.bytes = htobe64(client->extent->bytes),
		.address = htobe64(address),
		.rkey = htobe32(rkey),
		.queue_pairs = htobe16(client->granted),
	};
}

static struct connection *connection_new(struct client *client)
{
	struct connection *connection = xcalloc(1, sizeof(*connection));

	connection->next = client->connections;
	connection->client = client;
	client->connections = connection;
	client->nr_connections++;
	return connection;
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
	struct memserver_grant grant = grant_of(client, (uintptr_t)client->registration.mr->addr,
						client->registration.mr->rkey);
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
	connection = connection_new(client);
	connection->id = id;
	id->context = connection;
	return 0;
}

/* Small messages at once; a peer that vanished is found out within half a minute. */
static void set_stream_options(int fd)
{
	const struct {
		int level, name, value;
	} options[] = {
		{ IPPROTO_TCP, TCP_NODELAY, 1 },   { SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ IPPROTO_TCP, TCP_KEEPIDLE, 10 }, { IPPROTO_TCP, TCP_KEEPINTVL, 5 },
		{ IPPROTO_TCP, TCP_KEEPCNT, 3 },   { IPPROTO_TCP, TCP_USER_TIMEOUT, 30000 },
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		setsockopt(fd, options[i].level, options[i].name, &options[i].value,
			   sizeof(options[i].value));
}

static int accept_stream(struct clients *c, struct client *client, int fd, uint32_t owner)
{
	struct memserver_grant grant = grant_of(client, 0, WIRE_RKEY);
	struct stream *stream = stream_start(fd, c->memory->base + client->extent->offset,
					     client->extent->bytes / WIRE_PAGE, c->news_fd);
	struct connection *connection;
	char bytes[16];

	if (!stream)
		return -EAGAIN;
	/* It waits for this before it asks for anything. One that has gone: the stream finds out. */
	(void)!send(fd, &grant, sizeof(grant), MSG_NOSIGNAL | MSG_DONTWAIT);
	connection = connection_new(client);
	connection->stream = stream;
	connection->owner = owner;
	connection->up = true;
	client->nr_up++;
	format_size(bytes, sizeof(bytes), client->extent->bytes);
	if (client->nr_up == 1)
		say("serving %s: %s, up to %u connections, over TCP", client->name, bytes,
		    client->granted);
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

/* What the device can do, if there is one, and --max-queue-pairs allows, or 0 with the refusal sent. */
static unsigned int grant_queue_pairs(struct clients *c, const struct caller *caller,
				      const struct memserver_open *open,
				      const struct ibv_device_attr *device)
{
	const char *what = device ? "queue pairs" : "connections";
	unsigned int least = be16toh(open->queue_pairs_least);
	unsigned int most = be16toh(open->queue_pairs_most);
	unsigned int can =
		device ? at_most(device->max_cqe / (SEND_DEPTH + RECEIVE_DEPTH), device->max_qp)
		       : UINT16_MAX;
	unsigned int limit = at_most(c->max_queue_pairs, can);

	if (least < QUEUE_PAIRS_LEAST)
		least = QUEUE_PAIRS_LEAST;
	if (most && most < least)
		refuse(c, caller, MEMSERVER_FINAL, "at least %u %s asked, at most %u", least, what,
		       most);
	else if (least > c->max_queue_pairs)
		refuse(c, caller, MEMSERVER_FINAL,
		       "%u %s are more than --max-queue-pairs %llu: ask for fewer", least, what,
		       (unsigned long long)c->max_queue_pairs);
	else if (least > can)
		refuse(c, caller, MEMSERVER_FINAL,
		       "%u queue pairs are more than the %u of the server's %s: ask for fewer",
		       least, can, ibv_get_device_name(caller->id->verbs->device));
	else
		return most ? at_most(most, limit) : limit;
	return 0;
}

/* Nobody has lost anything to a request that this refuses. */
static bool find_room(struct clients *c, const struct caller *caller, uint64_t least)
{
	uint64_t largest = memory_largest(c->memory);
	char wanted[16], there[16];
	enum room room;

	format_size(wanted, sizeof(wanted), least);
	if (c->max_bytes && least > c->max_bytes) {
		format_size(there, sizeof(there), c->max_bytes);
		refuse(c, caller, MEMSERVER_FINAL,
		       "%s of memory asked, --max-bytes-per-client is %s", wanted, there);
		return false;
	}
	room = room_make(c, least);
	if (room == ROOM_THERE)
		return true;
	format_size(there, sizeof(there), largest);
	if (room == ROOM_LATER)
		refuse(c, caller, MEMSERVER_TRANSIENT,
		       "what a client left that may come back is kept: try again later");
	else if (largest < least)
		refuse(c, caller, MEMSERVER_FINAL,
		       "%s of memory asked, %s is what is free in one piece", wanted, there);
	else
		refuse(c, caller, MEMSERVER_FINAL, "all %llu clients of --max-clients are there",
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

/* device: NULL over TCP */
static struct client *client_new(struct clients *c, const struct caller *caller,
				 struct extent *extent, const struct ibv_device_attr *device)
{
	struct client *client = xcalloc(1, sizeof(*client));

	client->extent = extent;
	peer_name(caller, client->name, sizeof(client->name));
	client->since_ns = clock_ns();
	client->session = new_session(c);
	client->by_tcp = !device;
	client->reads_in = device ? at_most(device->max_qp_rd_atom, UINT8_MAX) : 0;
	client->reads_out = device ? at_most(device->max_qp_init_rd_atom, UINT8_MAX) : 0;
	client->next = c->list;
	c->list = client;
	c->nr++;
	return client;
}

/* An OPEN whose memory is being registered; over TCP, cleared of what others left before. */
struct opening {
	struct task task; /* first */
	struct clients *clients;
	struct client *client;
	struct caller caller; /* .id NULL, and no TCP: the peer has gone meanwhile */
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
	if (!rc && opening->caller.id)
		rc = accept_connection(client, opening->caller.id, &opening->asked);
	if (rc && opening->caller.id)
		refuse(c, &opening->caller, MEMSERVER_FINAL,
		       "cannot register memory: %s; see the server's ulimit -l", strerror(-rc));
	if (client->connections)
		c->served++;
	else
		client_end(c, client);
	free(opening);
}

/* All that was given back before has been cleared by now: see background.h. */
static void wait_for_clearing(struct task *task)
{
	((struct opening *)task)->rc = 0;
}

static void cleared(struct task *task)
{
	struct opening *opening = (struct opening *)task;
	struct client *client = opening->client;
	struct clients *c = opening->clients;
	int rc = accept_stream(c, client, opening->caller.fd, 0);

	client->opening = NULL;
	if (rc) {
		refuse(c, &opening->caller, MEMSERVER_TRANSIENT, "cannot start a thread: %s",
		       strerror(-rc));
		client_end(c, client);
	} else {
		c->served++;
	}
	free(opening);
}

bool admit_forget(struct clients *c, struct rdma_cm_id *id)
{
	struct client *i = c->list;

	while (i && !(i->opening && i->opening->caller.id == id))
		i = i->next;
	if (!i)
		return false;
	i->opening->caller.id = NULL;
	rdma_destroy_id(id);
	return true;
}

static void start_opening(struct clients *c, struct client *client, const struct caller *caller)
{
	struct opening *opening = xcalloc(1, sizeof(*opening));

	*opening = (struct opening){ .task = { .run = wait_for_clearing, .finish = cleared },
				     .clients = c,
				     .client = client,
				     .caller = *caller };
	if (caller->id) {
		opening->task = (struct task){ .run = register_memory, .finish = registered };
		opening->verbs = caller->id->verbs;
		opening->asked = *caller->asked;
	}
	/* What they point to is gone by then. */
	opening->asked.private_data = NULL;
	opening->caller.asked = NULL;
	client->opening = opening;
	background_add(&c->background, &opening->task);
}

static void open_session(struct clients *c, const struct caller *caller,
			 const struct memserver_open *open)
{
	uint64_t least = be64toh(open->bytes_least), most = be64toh(open->bytes_most);
	struct ibv_device_attr attr, *device = caller->id ? &attr : NULL;
	struct client *client;
	unsigned int granted;
	int rc;

	if (!token_matches(c, open)) {
		refuse(c, caller, MEMSERVER_FINAL,
		       "wrong access token: give the line of the server's --token-file");
		return;
	}
	if (most && most < least) {
		refuse(c, caller, MEMSERVER_FINAL, "more bytes asked at least than at most");
		return;
	}
	rc = device ? ibv_query_device(caller->id->verbs, device) : 0;
	if (rc) {
		refuse(c, caller, MEMSERVER_TRANSIENT, "cannot ask the RDMA device: %s",
		       strerror(rc));
		return;
	}
	granted = grant_queue_pairs(c, caller, open, device);
	if (!granted || !find_room(c, caller, least ? least : 1))
		return;
	client = client_new(c, caller, memory_take(c->memory, least, most_bytes(c, most)), device);
	client->granted = granted;
	start_opening(c, client, caller);
}

/*
 * Join, or resume: the first of a lost client's new connections. The session counts as lost until that
 * one is accepted, so that a resume which fails can be tried again. False: refused.
 */
static bool find_place(struct clients *c, const struct caller *caller, struct client *client,
		       enum memserver_kind kind)
{
	if (!client || client->opening || client->by_tcp != !caller->id) {
		refuse(c, caller, MEMSERVER_FINAL,
		       "no such session: this server has nothing of what was stored");
		return false;
	}
	if (client->by_tcp && kind == MEMSERVER_RESUME) {
		refuse(c, caller, MEMSERVER_FINAL, "a session over TCP can't be resumed");
		return false;
	}
	if (caller->id && client->registration.pd->context != caller->id->verbs) {
		refuse(c, caller, MEMSERVER_TRANSIENT, "the session began on RDMA device %s",
		       ibv_get_device_name(client->registration.pd->context->device));
		return false;
	}
	if (kind == MEMSERVER_RESUME) {
		client_close_connections(client);
		client->lost_ns = client->lost_ns ? client->lost_ns : clock_ns();
	}
	if (kind == MEMSERVER_JOIN && client->lost_ns) {
		refuse(c, caller, MEMSERVER_TRANSIENT, "the session was lost: resume it first");
		return false;
	}
	if (client->nr_connections >= client->granted) {
		refuse(c, caller, MEMSERVER_TRANSIENT, "all %u %s of the session are there",
		       client->granted, client->by_tcp ? "connections" : "queue pairs");
		return false;
	}
	return true;
}

static void enter_session(struct clients *c, const struct caller *caller,
			  const struct memserver_open *hello, enum memserver_kind kind)
{
	const struct wire_join *join = (const struct wire_join *)hello;
	struct client *client = find_session(c, be64toh(join->join.session));
	int rc;

	if (!find_place(c, caller, client, kind))
		return;
	rc = caller->id ? accept_connection(client, caller->id, caller->asked)
			: accept_stream(c, client, caller->fd, be32toh(join->owner));
	if (rc) {
		refuse(c, caller, MEMSERVER_TRANSIENT,
		       caller->id ? "cannot make a queue pair: %s" : "cannot start a thread: %s",
		       strerror(-rc));
		return;
	}
	if (kind == MEMSERVER_RESUME)
		say("%s resumes its session", client->name);
	client->lost_ns = 0;
}

static void admit(struct clients *c, const struct caller *caller,
		  const struct memserver_open *hello)
{
	unsigned int kind = be16toh(hello->head.kind);

	if (hello->head.magic != htobe32(MEMSERVER_MAGIC))
		refuse(c, caller, MEMSERVER_FINAL,
		       "this is a memserver, and that no client of its");
	else if (hello->head.version != htobe16(MEMSERVER_VERSION))
		refuse(c, caller, MEMSERVER_FINAL,
		       "the server speaks version %d of the handshake, the client %d: "
		       "build both from one source",
		       MEMSERVER_VERSION, be16toh(hello->head.version));
	else if (kind == MEMSERVER_OPEN)
		open_session(c, caller, hello);
	else if (kind == MEMSERVER_JOIN || kind == MEMSERVER_RESUME)
		enter_session(c, caller, hello, kind);
	else
		refuse(c, caller, MEMSERVER_FINAL, "no request of kind %u", kind);
}

void admit_request(struct clients *c, struct rdma_cm_id *id, const struct rdma_conn_param *asked)
{
	struct caller caller = { .id = id, .asked = asked, .fd = -1 };

	if (asked->private_data_len < sizeof(struct memserver_open))
		refuse(c, &caller, MEMSERVER_FINAL,
		       "this is a memserver, and that no client of its");
	else
		admit(c, &caller, asked->private_data);
}

void admit_stream(struct clients *c, int fd, const void *hello)
{
	struct caller caller = { .fd = fd };

	set_stream_options(fd);
	admit(c, &caller, hello);
}
