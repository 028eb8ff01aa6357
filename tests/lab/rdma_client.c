// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A client of memserver in user space, for what fastswap_rdma.ko never does: speak another version,
 * reach for another client's memory, look for what an earlier client left, vanish.
 */
#include <endian.h>
#include <errno.h>
#include <infiniband/verbs.h>
#include <netdb.h>
#include <poll.h>
#include <rdma/rdma_cma.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "backend/memserver/handshake.h"

#define BYTES	     (1 << 20)
#define LARGE_BYTES  (1 << 30)
#define TIMEOUT_MS   2000
#define ANSWER_BYTES UINT8_MAX
#define ACK_TIMEOUT  14 /* 4.096 us * 2^14, seven times: half a second */

static const char *host, *port;
static uint16_t version = MEMSERVER_VERSION;

static void die(const char *what)
{
	fprintf(stderr, "rdma_client: %s: %s\n", what, strerror(errno));
	exit(3);
}

struct session {
	struct rdma_event_channel *events;
	struct rdma_cm_id *id;
	struct ibv_pd *pd;
	struct ibv_cq *cq;
	struct ibv_mr *mr;
	unsigned char buffer[4096];
	uint64_t address;
	uint32_t rkey;
};

/* The next event of the session, its private data in answer. */
static enum rdma_cm_event_type next_event(struct session *s, char answer[ANSWER_BYTES])
{
	struct rdma_cm_event *event;
	enum rdma_cm_event_type type;

	if (rdma_get_cm_event(s->events, &event))
		die("rdma_get_cm_event");
	type = event->event;
	memset(answer, 0, ANSWER_BYTES);
	if (event->param.conn.private_data)
		memcpy(answer, event->param.conn.private_data, event->param.conn.private_data_len);
	rdma_ack_cm_event(event);
	return type;
}

static void expect(struct session *s, enum rdma_cm_event_type wanted)
{
	char answer[ANSWER_BYTES];
	enum rdma_cm_event_type type = next_event(s, answer);

	if (type != wanted) {
		fprintf(stderr, "rdma_client: %s, not %s\n", rdma_event_str(type),
			rdma_event_str(wanted));
		exit(3);
	}
}

/* Sends the request for so many bytes. */
static void session_ask(struct session *s, uint64_t bytes)
{
	struct memserver_open hello = {
		.head = { htobe32(MEMSERVER_MAGIC), htobe16(version), htobe16(MEMSERVER_OPEN) },
		.bytes_least = htobe64(bytes),
		.bytes_most = htobe64(bytes),
		.queue_pairs_least = htobe16(1),
		.queue_pairs_most = htobe16(1),
	};
	struct rdma_conn_param param = { .private_data = &hello,
					 .private_data_len = sizeof(hello),
					 .initiator_depth = 1,
					 .retry_count = 6 };
	struct ibv_qp_init_attr qp = {
		.qp_type = IBV_QPT_RC,
		.cap = { .max_send_wr = 4, .max_recv_wr = 1, .max_send_sge = 1, .max_recv_sge = 1 }
	};
	uint8_t ack_timeout = ACK_TIMEOUT;
	struct addrinfo *to;

	if (getaddrinfo(host, port, NULL, &to))
		die(host);
	s->events = rdma_create_event_channel();
	if (!s->events || rdma_create_id(s->events, &s->id, NULL, RDMA_PS_TCP) ||
	    rdma_resolve_addr(s->id, NULL, to->ai_addr, TIMEOUT_MS))
		die("rdma_resolve_addr");
	expect(s, RDMA_CM_EVENT_ADDR_RESOLVED);
	if (rdma_resolve_route(s->id, TIMEOUT_MS))
		die("rdma_resolve_route");
	expect(s, RDMA_CM_EVENT_ROUTE_RESOLVED);
	rdma_set_option(s->id, RDMA_OPTION_ID, RDMA_OPTION_ID_ACK_TIMEOUT, &ack_timeout,
			sizeof(ack_timeout));
	s->pd = ibv_alloc_pd(s->id->verbs);
	s->cq = ibv_create_cq(s->id->verbs, 8, NULL, NULL, 0);
	if (!s->pd || !s->cq)
		die("ibv_create_cq");
	qp.send_cq = qp.recv_cq = s->cq;
	s->mr = ibv_reg_mr(s->pd, s->buffer, sizeof(s->buffer), IBV_ACCESS_LOCAL_WRITE);
	if (!s->mr || rdma_create_qp(s->id, s->pd, &qp) || rdma_connect(s->id, &param))
		die("rdma_connect");
	freeaddrinfo(to);
}

/* False when the server refused; its words are on stdout then. */
static bool session_answered(struct session *s)
{
	char answer[ANSWER_BYTES];
	struct memserver_grant grant;

	if (next_event(s, answer) != RDMA_CM_EVENT_ESTABLISHED) {
		printf("refused: %.*s\n", MEMSERVER_WHY_MAX,
		       ((struct memserver_refusal *)answer)->why);
		return false;
	}
	memcpy(&grant, answer, sizeof(grant));
	s->address = be64toh(grant.address);
	s->rkey = be32toh(grant.rkey);
	return true;
}

static bool session_open(struct session *s)
{
	session_ask(s, BYTES);
	return session_answered(s);
}

static enum ibv_wc_status transfer(struct session *s, enum ibv_wr_opcode opcode, uint64_t address,
				   uint32_t rkey)
{
	bool message = opcode == IBV_WR_SEND;
	struct ibv_sge sge = { (uintptr_t)s->buffer, sizeof(s->buffer), s->mr->lkey };
	struct ibv_send_wr wr = { .opcode = opcode,
				  .send_flags = IBV_SEND_SIGNALED,
				  .sg_list = &sge,
				  .num_sge = !message,
				  .wr.rdma = { address, rkey } };
	struct ibv_send_wr *bad;
	struct ibv_wc wc;

	if ((errno = ibv_post_send(s->id->qp, &wr, &bad)))
		die("ibv_post_send");
	while (!ibv_poll_cq(s->cq, 1, &wc))
		;
	return wc.status;
}

static void must(enum ibv_wc_status status, enum ibv_wc_status wanted, const char *what)
{
	printf("%s: %s\n", what, ibv_wc_status_str(status));
	if (status != wanted)
		exit(1);
}

static void say_bye(struct session *s)
{
	transfer(s, IBV_WR_SEND, 0, 0);
	rdma_disconnect(s->id);
}

/* Most NICs say why; the software one of Linux 5.10 leaves such a request unanswered. */
static void must_be_refused(enum ibv_wc_status status, const char *what)
{
	must(status, status == IBV_WC_RETRY_EXC_ERR ? status : IBV_WC_REM_ACCESS_ERR, what);
}

/* Two clients: each reaches its own memory, neither the other's. */
static int foreign(void)
{
	struct session mine = { 0 }, other = { 0 };

	if (!session_open(&mine) || !session_open(&other))
		return 3;
	memset(other.buffer, 'x', sizeof(other.buffer));
	must(transfer(&other, IBV_WR_RDMA_WRITE, other.address, other.rkey), IBV_WC_SUCCESS,
	     "the other writes its own memory");
	must(transfer(&mine, IBV_WR_RDMA_READ, mine.address, mine.rkey), IBV_WC_SUCCESS,
	     "I read my own memory");
	if (mine.buffer[0] == 'x')
		return 1;
	must_be_refused(transfer(&mine, IBV_WR_RDMA_READ, other.address, other.rkey),
			"I read the other's memory by its rkey");
	if (mine.buffer[0] == 'x')
		return 1;
	return 0;
}

/* As foreign, but beyond the end of what was granted. */
static int beyond(void)
{
	struct session s = { 0 };

	if (!session_open(&s))
		return 3;
	must(transfer(&s, IBV_WR_RDMA_READ, s.address + BYTES - sizeof(s.buffer), s.rkey),
	     IBV_WC_SUCCESS, "the last page");
	must_be_refused(transfer(&s, IBV_WR_RDMA_READ, s.address + BYTES, s.rkey),
			"the page behind it");
	return 0;
}

static int fill(void)
{
	struct session s = { 0 };

	if (!session_open(&s))
		return 3;
	memset(s.buffer, 'x', sizeof(s.buffer));
	for (size_t at = 0; at < BYTES; at += sizeof(s.buffer))
		if (transfer(&s, IBV_WR_RDMA_WRITE, s.address + at, s.rkey))
			return 1;
	say_bye(&s);
	return 0;
}

/* After fill: whose memory was it? Exit 1 when it still shows. */
static int look(void)
{
	static const unsigned char zeros[sizeof((struct session){ 0 }.buffer)];
	struct session s = { 0 };

	if (!session_open(&s))
		return 3;
	for (size_t at = 0; at < BYTES; at += sizeof(s.buffer)) {
		memset(s.buffer, 'y', sizeof(s.buffer));
		if (transfer(&s, IBV_WR_RDMA_READ, s.address + at, s.rkey) ||
		    memcmp(s.buffer, zeros, sizeof(zeros)))
			return 1;
	}
	say_bye(&s);
	return 0;
}

static int speak(void)
{
	struct session s = { 0 };

	return !session_open(&s);
}

/* Holds its memory until it is killed. */
static int hold(void)
{
	struct session s = { 0 };

	if (!session_open(&s))
		return 3;
	puts("holding");
	fflush(stdout);
	pause();
	return 0;
}

static bool has_event(const struct session *s)
{
	struct pollfd fd = { .fd = s->events->fd, .events = POLLIN };

	return poll(&fd, 1, 0) > 0;
}

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

/* How many questions are answered while a client waits for 1 GiB, and how long a page takes then. */
static int beside(void)
{
	struct session mine = { 0 }, large = { 0 };
	double began_ms, asked_ms, slowest_ms = 0;
	int n = 0;

	if (!session_open(&mine))
		return 3;
	session_ask(&large, LARGE_BYTES);
	began_ms = now_ms();
	/* Refused, but by the server's event loop. */
	version = MEMSERVER_VERSION + 1;
	while (!has_event(&large)) {
		struct session question = { 0 };

		session_ask(&question, BYTES);
		if (session_answered(&question))
			return 1;
		rdma_destroy_qp(question.id);
		rdma_destroy_id(question.id);
		asked_ms = now_ms();
		must(transfer(&mine, IBV_WR_RDMA_READ, mine.address, mine.rkey), IBV_WC_SUCCESS,
		     "a page");
		if (now_ms() - asked_ms > slowest_ms)
			slowest_ms = now_ms() - asked_ms;
		n += !has_event(&large);
	}
	if (!session_answered(&large))
		return 3;
	printf("#| while one client waited %.0f ms for 1 GiB, another had %d answers, and its pages "
	       "within %.1f ms\n",
	       now_ms() - began_ms, n, slowest_ms);
	return !n;
}

int main(int argc, char *argv[])
{
	static const struct {
		const char *name;
		int (*run)(void);
	} modes[] = { { "foreign", foreign }, { "beyond", beyond }, { "fill", fill },
		      { "look", look },	      { "speak", speak },   { "hold", hold },
		      { "beside", beside } };

	if (argc == 4 || argc == 5) {
		host = argv[2];
		port = argv[3];
		version = argc == 5 ? atoi(argv[4]) : version;
		for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++)
			if (strcmp(argv[1], modes[i].name) == 0)
				return modes[i].run();
	}
	fputs("usage: rdma_client foreign|beyond|fill|look|speak|hold|beside HOST PORT [VERSION]\n",
	      stderr);
	return 2;
}
