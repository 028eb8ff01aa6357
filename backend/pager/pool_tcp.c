// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Far pages in a memserver's memory, over TCP (backend/memserver/wire.h). The keeper's connection opens the
 * session and stays, so that the session lives as long as the job. Each process joins with two more: loads
 * don't stand in line behind the pages of stores.
 *
 * A batch is one message each way. A load that was foreseen is asked for beforehand: its answer waits in the
 * socket, or is thrown away when the next load is another one. Stores are written behind: store() returns when
 * the pages are on their way, and what a load asks for that may still be under way is waited for first.
 * settle() waits for all.
 * A process that was killed may leave pages under way: bury() has the server cut its connections, so that
 * none lands in a slot that is another's by then.
 *
 * The server is lost when it closes a connection, answers wrongly, or nothing comes from it for `timeout`
 * while an answer is due. What one process lost is lost to all of the job: no page is read any more.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#include "backend/memserver/grant.h"
#include "backend/memserver/wire.h"
#include "backend/pager/pool_memory.h"
#include "backend/pager/pool_server.h"
#include "base/clock.h"

#define DEPTH	    8u /* stores under way */
#define CONNECTIONS 3u /* of a job with one process */

struct tcp_shared {
	struct pool_server server;
	uint64_t session;
	int keeper_fd; /* in the keeper; -1: none */
	uint32_t keeper_tag;
	_Atomic uint32_t nr_owners;
	struct pool_server_counts counts;
	_Atomic uint64_t foreseen;
};

struct under_way {
	uint32_t tag, nr_runs;
	struct pool_span spans[POOL_RUNS];
};

struct tcp_state {
	int load_fd, store_fd;
	uint32_t load_tag, store_tag;
	struct under_way ring[DEPTH];
	unsigned int oldest, nr;   /* of the ring */
	struct under_way foreseen; /* no runs: none */
	bool outdated;		   /* one of its slots was stored since */
	/* A message: its head, its runs, its pages. */
	struct wire_head head;
	struct wire_answer answer;
	struct wire_run runs[POOL_RUNS];
	struct iovec parts[2 + POOL_RUNS];
};

static const struct opt tcp_opts[] = {
	OPT_STRING("target", struct pool_server_params, target, NULL,
		   "HOST[:PORT] of a memserver --tcp; PORT: " WIRE_PORT),
	POOL_SERVER_OPTS, OPT_END
};

/* --- a message ------------------------------------------------------------------------------------------- */

static int lose(struct pool_ctx *ctx, const char *why)
{
	struct tcp_shared *s = ctx->shared;

	return pool_server_lose(&s->server, ctx, why);
}

static int lose_by_errno(struct pool_ctx *ctx, ssize_t n)
{
	const struct tcp_shared *s = ctx->shared;
	char why[64];

	if (n == 0 || errno == ECONNRESET || errno == EPIPE)
		return lose(ctx, "it closed the connection");
	if (errno != EAGAIN)
		return lose(ctx, strerrorname_np(errno));
	snprintf(why, sizeof(why), "nothing came from it for %llu ms",
		 (unsigned long long)(s->server.timeout_ns / NSEC_PER_MSEC));
	return lose(ctx, why);
}

static int move_all(struct pool_ctx *ctx, int fd, struct iovec *parts, size_t nr, bool out)
{
	const struct tcp_shared *s = ctx->shared;

	if (s->server.lost)
		return lose(ctx, "another process of the job found so");
	while (nr) {
		struct msghdr m = { .msg_iov = parts, .msg_iovlen = nr };
		ssize_t n = out ? sendmsg(fd, &m, MSG_NOSIGNAL) : recvmsg(fd, &m, MSG_WAITALL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return lose_by_errno(ctx, n);
		nr = wire_skip(&parts, nr, (size_t)n);
	}
	return 0;
}

/* That of a request without pages. */
static int receive_answer(struct pool_ctx *ctx, int fd, uint32_t tag)
{
	struct wire_answer answer;
	struct iovec part = { &answer, sizeof(answer) };
	int rc = move_all(ctx, fd, &part, 1, false);
	const char *fault = rc ? NULL : wire_fault(&answer, tag, 0);

	return fault ? lose(ctx, fault) : rc;
}

/* --- connecting ------------------------------------------------------------------------------------------ */

static int set_time_out(int fd, uint64_t timeout_ns)
{
	struct timeval t = { (time_t)(timeout_ns / NSEC_PER_SEC),
			     (suseconds_t)(timeout_ns % NSEC_PER_SEC / 1000) };
	int one = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)) ||
			       setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t)) ||
			       fcntl(fd, F_SETFL, 0)
		       ? -errno
		       : 0;
}

static int finish_connecting(int fd, uint64_t timeout_ns)
{
	struct pollfd p = { fd, POLLOUT, 0 };
	socklen_t len = sizeof(int);
	int rc, error = 0;

	do
		rc = poll(&p, 1, (int)(timeout_ns / NSEC_PER_MSEC));
	while (rc < 0 && errno == EINTR);
	if (rc == 0)
		return -ETIMEDOUT;
	if (rc < 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
		return -errno;
	return -error;
}

/* A descriptor, or -errno. */
static int connect_to(const struct tcp_shared *s)
{
	int fd = socket(s->server.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int rc = 0;

	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&s->server.address, s->server.address_len) != 0)
		rc = errno == EINPROGRESS ? finish_connecting(fd, s->server.timeout_ns) : -errno;
	if (!rc)
		rc = set_time_out(fd, s->server.timeout_ns);
	if (!rc)
		return fd;
	close(fd);
	return rc;
}

static int receive(int fd, void *dst, size_t size)
{
	ssize_t n;

	do
		n = recv(fd, dst, size, MSG_WAITALL);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	return (size_t)n == size ? 0 : -ECONNRESET;
}

/* The answer to a hello: a grant, checked against the terms; or a sentence. */
static int receive_grant(int fd, const struct tcp_shared *s, const struct grant_terms *terms,
			 struct memserver_grant *ret, struct err *err)
{
	struct memserver_refusal refusal;
	const char *fault;
	int rc = receive(fd, &ret->head, sizeof(ret->head));

	if (rc == 0 && ret->head.magic == htobe32(MEMSERVER_MAGIC) &&
	    ret->head.kind == htobe16(MEMSERVER_REFUSAL)) {
		rc = receive(fd, (char *)&refusal + sizeof(refusal.head),
			     sizeof(refusal) - sizeof(refusal.head));
		refusal.why[sizeof(refusal.why) - 1] = '\0';
		if (rc == 0)
			return err_missing(err, "pool tcp: memserver %s refuses: %s",
					   s->server.name, refusal.why);
	}
	if (rc == 0 && ret->head.magic == htobe32(MEMSERVER_MAGIC))
		rc = receive(fd, (char *)ret + sizeof(ret->head), sizeof(*ret) - sizeof(ret->head));
	if (rc)
		return err_missing(err,
				   "pool tcp: target=%s: no answer: %s: is memserver --tcp "
				   "running there?",
				   s->server.name, strerror(-rc));
	fault = grant_fault(ret, sizeof(*ret), 1, terms);
	return fault ? err_missing(err, "pool tcp: target=%s: %s", s->server.name, fault) : 0;
}

/* hello: WIRE_HELLO_BYTES. Returns the descriptor, or -errno. */
static int shake_hands(const struct tcp_shared *s, const void *hello,
		       const struct grant_terms *terms, struct memserver_grant *ret,
		       struct err *err)
{
	int fd = connect_to(s), rc;

	if (fd < 0)
		return err_missing(err,
				   "pool tcp: target=%s: %s: is memserver --tcp running there?",
				   s->server.name, strerror(-fd));
	/* What can't be sent is not answered, either. */
	(void)!send(fd, hello, WIRE_HELLO_BYTES, MSG_NOSIGNAL);
	rc = receive_grant(fd, s, terms, ret, err);
	if (!rc)
		return fd;
	close(fd);
	return rc;
}

/* One more connection of the session. Returns the descriptor, or -errno. */
static int join(const struct tcp_shared *s, uint32_t owner, struct err *err)
{
	struct grant_terms terms = { .queue_pairs_most = UINT16_MAX,
				     .depth_most = 1,
				     .session = s->session,
				     .rkey = WIRE_RKEY };
	union {
		struct wire_join join;
		char bytes[WIRE_HELLO_BYTES];
	} hello = { .join = { .join = { .head = { htobe32(MEMSERVER_MAGIC),
						  htobe16(MEMSERVER_VERSION),
						  htobe16(MEMSERVER_JOIN) },
					.session = htobe64(s->session) },
			      .owner = htobe32(owner) } };
	struct memserver_grant grant;

	return shake_hands(s, &hello, &terms, &grant, err);
}

/* --- in the keeper ---------------------------------------------------------------------------------------- */

static int open_session(struct pool_ctx *ctx, const struct pool_server_params *p, struct err *err)
{
	struct tcp_shared *s = ctx->shared;
	struct memserver_open open;
	struct memserver_grant grant;
	struct grant_terms terms = { .bytes_least = p->size_bytes ? p->size_bytes
								  : POOL_SERVER_LEAST_BYTES,
				     .queue_pairs_least = CONNECTIONS,
				     .queue_pairs_most = UINT16_MAX,
				     .depth_most = 1 };
	int rc = pool_server_open(&open, ctx, p, CONNECTIONS, err);

	if (!rc)
		rc = s->keeper_fd = shake_hands(s, &open, &terms, &grant, err);
	explicit_bzero(&open, sizeof(open));
	if (rc < 0)
		return rc;
	s->session = be64toh(grant.session);
	pool_server_granted(ctx, be64toh(grant.bytes));
	return 0;
}

static int tcp_create(struct pool_ctx *ctx, const void *params, struct err *err)
{
	const struct pool_server_params *p = params;
	struct tcp_shared *s = ctx->shared;
	int rc;

	s->keeper_fd = -1;
	rc = pool_server_find(&s->server, ctx->pool, p, "--tcp", WIRE_PORT, err);
	return rc ? rc : open_session(ctx, p, err);
}

static int send_to_keeper(struct pool_ctx *ctx, enum wire_kind kind, uint32_t owner)
{
	struct tcp_shared *s = ctx->shared;
	struct wire_head head = wire_head(kind, 0, ++s->keeper_tag, owner);
	struct iovec part = { &head, sizeof(head) };

	return move_all(ctx, s->keeper_fd, &part, 1, true);
}

static void tcp_bury(struct pool_ctx *ctx, uint32_t owner)
{
	struct tcp_shared *s = ctx->shared;

	if (!s->server.lost && send_to_keeper(ctx, WIRE_CUT, owner) == 0)
		receive_answer(ctx, s->keeper_fd, s->keeper_tag);
}

/* Nothing comes to the keeper unasked but the connection's end. */
static const char *tcp_lost(struct pool_ctx *ctx)
{
	struct tcp_shared *s = ctx->shared;
	char byte;
	ssize_t n;

	if (!s->server.lost) {
		n = recv(s->keeper_fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			lose_by_errno(ctx, n);
	}
	return s->server.lost ? s->server.why : NULL;
}

static void tcp_close(struct pool_ctx *ctx)
{
	struct tcp_shared *s = ctx->shared;
	char end;

	while (ctx->nr_fds)
		close(ctx->fds[--ctx->nr_fds]);
	pool_scratch_free(ctx->state, sizeof(struct tcp_state));
	ctx->state = NULL;
	if (s->keeper_fd < 0)
		return;
	/* Who asks for memory next shall find this free. */
	if (send_to_keeper(ctx, WIRE_BYE, 0) == 0)
		receive(s->keeper_fd, &end, sizeof(end));
	close(s->keeper_fd);
	s->keeper_fd = -1;
}

/* --- in each process --------------------------------------------------------------------------------------- */

static int join_twice(struct pool_ctx *ctx, struct err *err)
{
	struct tcp_shared *s = ctx->shared;

	ctx->owner = ++s->nr_owners;
	while (ctx->nr_fds < 2) {
		int fd = join(s, ctx->owner, err);

		if (fd < 0)
			return fd;
		ctx->fds[ctx->nr_fds++] = fd;
	}
	return 0;
}

static int tcp_open(struct pool_ctx *ctx, struct err *err)
{
	struct tcp_state *st;
	int rc;

	while (ctx->nr_fds) /* a forked child has its parent's */
		close(ctx->fds[--ctx->nr_fds]);
	st = pool_scratch(sizeof(*st));
	if (!st)
		return err_failed(err, ENOMEM, "pool tcp");
	rc = join_twice(ctx, err);
	if (rc) {
		pool_scratch_free(st, sizeof(*st));
		return rc;
	}
	st->load_fd = ctx->fds[0];
	st->store_fd = ctx->fds[1];
	ctx->state = st;
	return 0;
}

/* --- stores ------------------------------------------------------------------------------------------------- */

/* The oldest that is under way has arrived. */
static int wait_for_oldest(struct pool_ctx *ctx)
{
	struct tcp_state *st = ctx->state;
	int rc = receive_answer(ctx, st->store_fd, st->ring[st->oldest].tag);

	st->oldest = (st->oldest + 1) % DEPTH;
	st->nr--;
	return rc;
}

static int tcp_settle(struct pool_ctx *ctx)
{
	struct tcp_state *st = ctx->state;
	int rc = 0;

	while (st->nr && !rc)
		rc = wait_for_oldest(ctx);
	return rc;
}

static bool is_under_way(const struct tcp_state *st, const struct pool_run *runs, size_t nr_runs)
{
	for (unsigned int k = 0; k < st->nr; k++) {
		const struct under_way *u = &st->ring[(st->oldest + k) % DEPTH];

		if (pool_spans_meet(u->spans, u->nr_runs, runs, nr_runs))
			return true;
	}
	return false;
}

static void note_runs(struct under_way *u, uint32_t tag, const struct pool_run *runs,
		      size_t nr_runs)
{
	u->tag = tag;
	u->nr_runs = (uint32_t)nr_runs;
	pool_spans_note(u->spans, runs, nr_runs);
}

/* The request, into ->head, ->runs and the first two parts; the pages into the parts after. Returns how many. */
static uint32_t fill_request(struct tcp_state *st, enum wire_kind kind, uint32_t tag,
			     const struct pool_run *runs, size_t nr_runs)
{
	uint32_t pages = 0;

	st->head = wire_head(kind, (uint16_t)nr_runs, tag, 0);
	st->parts[0] = (struct iovec){ &st->head, sizeof(st->head) };
	st->parts[1] = (struct iovec){ st->runs, nr_runs * sizeof(*st->runs) };
	for (size_t i = 0; i < nr_runs; i++) {
		st->runs[i] = (struct wire_run){ htobe32(runs[i].slot - POOL_SERVER_FIRST_SLOT),
						 htobe32(runs[i].nr) };
		st->parts[2 + i] = (struct iovec){ runs[i].pages, runs[i].nr * POOL_PAGE };
		pages += runs[i].nr;
	}
	return pages;
}

static int tcp_store(struct pool_ctx *ctx, const struct pool_run *runs, size_t nr_runs)
{
	struct tcp_shared *s = ctx->shared;
	struct tcp_state *st = ctx->state;
	uint64_t begin = clock_ns();
	uint32_t pages;
	int rc = st->nr == DEPTH ? wait_for_oldest(ctx) : 0;

	if (rc)
		return rc;
	if (pool_spans_meet(st->foreseen.spans, st->foreseen.nr_runs, runs, nr_runs))
		st->outdated = true;
	pages = fill_request(st, WIRE_WRITE, ++st->store_tag, runs, nr_runs);
	note_runs(&st->ring[(st->oldest + st->nr++) % DEPTH], st->store_tag, runs, nr_runs);
	rc = move_all(ctx, st->store_fd, st->parts, 2 + nr_runs, true);
	pool_tally_add(&s->counts.stores, 1, pages, begin);
	return rc;
}

/* --- loads -------------------------------------------------------------------------------------------------- */

static void tcp_preload(struct pool_ctx *ctx, const struct pool_run *runs, size_t nr_runs)
{
	struct tcp_state *st = ctx->state;

	if (st->foreseen.nr_runs || is_under_way(st, runs, nr_runs))
		return;
	fill_request(st, WIRE_READ, ++st->load_tag, runs, nr_runs);
	note_runs(&st->foreseen, st->load_tag, runs, nr_runs);
	st->outdated = false;
	/* What can't be sent is not answered: load() tells. */
	(void)!move_all(ctx, st->load_fd, st->parts, 2, true);
}

static bool is_foreseen(const struct tcp_state *st, const struct pool_run *runs, size_t nr_runs)
{
	const struct under_way *u = &st->foreseen;

	if (st->outdated || u->nr_runs != nr_runs)
		return false;
	for (size_t i = 0; i < nr_runs; i++) {
		if (u->spans[i].slot != runs[i].slot || u->spans[i].nr != runs[i].nr)
			return false;
	}
	return true;
}

static int receive_nothing(struct pool_ctx *ctx, int fd, size_t bytes)
{
	while (bytes) {
		/* tcp(7): MSG_TRUNC discards, and needs no buffer. */
		ssize_t n = recv(fd, NULL, bytes, MSG_TRUNC);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return lose_by_errno(ctx, n);
		bytes -= (size_t)n;
	}
	return 0;
}

/* The answer of a load, and its pages into the parts after it, of which there are nr_runs; 0: into nothing. */
static int receive_pages(struct pool_ctx *ctx, uint32_t tag, uint32_t pages, size_t nr_runs)
{
	struct tcp_state *st = ctx->state;
	const char *fault = NULL;
	int rc;

	st->parts[1] = (struct iovec){ &st->answer, sizeof(st->answer) };
	rc = move_all(ctx, st->load_fd, st->parts + 1, 1 + nr_runs, false);
	if (!rc)
		fault = wire_fault(&st->answer, tag, pages);
	if (fault)
		rc = lose(ctx, fault);
	if (!rc && !nr_runs)
		rc = receive_nothing(ctx, st->load_fd, pages * POOL_PAGE);
	return rc;
}

/* What was foreseen is not what is loaded. */
static int throw_away(struct pool_ctx *ctx)
{
	struct tcp_state *st = ctx->state;
	struct under_way *u = &st->foreseen;
	uint32_t pages = 0;

	for (uint32_t i = 0; i < u->nr_runs; i++)
		pages += u->spans[i].nr;
	u->nr_runs = 0;
	return pages ? receive_pages(ctx, u->tag, pages, 0) : 0;
}

static int tcp_load(struct pool_ctx *ctx, const struct pool_run *runs, size_t nr_runs)
{
	struct tcp_shared *s = ctx->shared;
	struct tcp_state *st = ctx->state;
	uint64_t begin = clock_ns();
	bool foreseen = is_foreseen(st, runs, nr_runs);
	uint32_t pages, tag = foreseen ? st->foreseen.tag : ++st->load_tag;
	int rc = 0;

	for (; !rc && is_under_way(st, runs, nr_runs); s->counts.waits++)
		rc = wait_for_oldest(ctx);
	pages = fill_request(st, WIRE_READ, tag, runs, nr_runs);
	if (foreseen) {
		st->foreseen.nr_runs = 0;
		s->foreseen++;
	} else {
		if (!rc)
			rc = move_all(ctx, st->load_fd, st->parts, 2, true);
		if (!rc)
			rc = throw_away(ctx);
	}
	if (!rc)
		rc = receive_pages(ctx, tag, pages, nr_runs);
	pool_tally_add(&s->counts.loads, 1, pages, begin);
	return rc;
}

/* --- facts -------------------------------------------------------------------------------------------------- */

static size_t tcp_facts(const struct pool_ctx *ctx, struct pool_fact facts[POOL_FACTS])
{
	const struct tcp_shared *s = ctx->shared;
	size_t n =
		pool_server_facts(&s->server, &s->counts, "requests, each a round trip",
				  "requests, written behind", "until they are on their way", facts);

	facts[n] = (struct pool_fact){ "foreseen", (double)s->foreseen,
				       "of loads, asked for before the program did" };
	return n + 1;
}

const struct pool pool_tcp = {
	.name = "tcp",
	.summary = "a memserver's memory, over TCP",
	.opts = tcp_opts,
	.params_size = sizeof(struct pool_server_params),
	.create = tcp_create,
	.open = tcp_open,
	.store = tcp_store,
	.load = tcp_load,
	.preload = tcp_preload,
	.settle = tcp_settle,
	.bury = tcp_bury,
	.facts = tcp_facts,
	.lost = tcp_lost,
	.close = tcp_close,
};
