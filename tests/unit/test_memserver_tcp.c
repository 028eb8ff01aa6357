// SPDX-License-Identifier: GPL-2.0-or-later
/* memserver over TCP: requests are parsed as they come, and checked; clients stay apart. */
#include "tests/unit/test.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backend/memserver/log.h"
#include "backend/memserver/tcp.h"
#include "base/clock.h"
#include "tests/fake_rdma.h"

#define PAGES	    16u
#define PATIENCE_NS (10 * NSEC_PER_SEC)

/* --- the parser ------------------------------------------------------------------------------- */

static size_t put_request(uint8_t *bytes, enum wire_kind kind, const struct wire_run *runs,
			  uint16_t nr)
{
	struct wire_head head = wire_head(kind, nr, 7, 0);

	memcpy(bytes, &head, sizeof(head));
	for (uint16_t i = 0; i < nr; i++) {
		struct wire_run run = { htobe32(runs[i].page), htobe32(runs[i].nr) };

		memcpy(bytes + sizeof(head) + i * sizeof(run), &run, sizeof(run));
	}
	return sizeof(head) + nr * sizeof(*runs);
}

static int parse(enum wire_kind kind, const struct wire_run *runs, uint16_t nr)
{
	uint8_t bytes[WIRE_REQUEST_MAX + 64];
	struct wire_request request;
	const char *why = NULL;
	size_t len = put_request(bytes, kind, runs, nr);
	int rc = wire_parse(bytes, len, PAGES, &request, &why);

	assert_true((rc < 0) == (why != NULL));
	if (rc > 0)
		assert_int_equal(rc, len);
	return rc;
}

static void requests_are_parsed_as_they_come(void **state)
{
	const struct wire_run runs[] = { { 3, 2 }, { 15, 1 }, { 0, 16 } };
	uint8_t bytes[WIRE_REQUEST_MAX];
	struct wire_request request;
	const char *why;
	size_t len = put_request(bytes, WIRE_WRITE, runs, 3);

	(void)state;
	for (size_t i = 0; i < len; i++)
		assert_int_equal(wire_parse(bytes, i, PAGES, &request, &why), 0);
	assert_int_equal(wire_parse(bytes, len + 1, PAGES, &request, &why), len);
	assert_int_equal(request.kind, WIRE_WRITE);
	assert_int_equal(request.tag, 7);
	assert_int_equal(request.nr_runs, 3);
	assert_int_equal(request.nr_pages, 19);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(request.runs[i].page, runs[i].page);
		assert_int_equal(request.runs[i].nr, runs[i].nr);
	}
}

static void no_request_reaches_past_the_memory(void **state)
{
	(void)state;
	assert_true(parse(WIRE_READ, &(struct wire_run){ 0, PAGES }, 1) > 0);
	assert_int_equal(parse(WIRE_READ, &(struct wire_run){ 0, PAGES + 1 }, 1), -1);
	assert_int_equal(parse(WIRE_READ, &(struct wire_run){ PAGES, 1 }, 1), -1);
	assert_int_equal(parse(WIRE_WRITE, &(struct wire_run){ UINT32_MAX, 2 }, 1), -1);
	assert_int_equal(parse(WIRE_WRITE, &(struct wire_run){ 2, UINT32_MAX }, 1), -1);
	assert_int_equal(parse(WIRE_READ, &(struct wire_run){ 0, 0 }, 1), -1);
}

static void requests_have_their_limits(void **state)
{
	struct wire_run runs[WIRE_PAGES_MAX];

	(void)state;
	for (size_t i = 0; i < WIRE_PAGES_MAX; i++)
		runs[i] = (struct wire_run){ i % PAGES, 1 };
	assert_true(parse(WIRE_READ, runs, WIRE_PAGES_MAX) > 0);
	runs[3] = (struct wire_run){ 0, 2 };
	assert_int_equal(parse(WIRE_READ, runs, WIRE_PAGES_MAX), -1);
	assert_int_equal(parse(WIRE_READ, NULL, 0), -1);
	assert_int_equal(parse(WIRE_BYE, runs, 1), -1);
	assert_true(parse(WIRE_BYE, NULL, 0) > 0);
	assert_int_equal(parse(0, NULL, 0), -1);
	assert_int_equal(parse(WIRE_BYE + 1, NULL, 0), -1);
}

static void answers_are_checked(void **state)
{
	struct wire_answer answer = { htobe32(WIRE_MAGIC), htobe32(7), htobe32(3), 0 };

	(void)state;
	assert_null(wire_fault(&answer, 7, 3));
	assert_non_null(wire_fault(&answer, 8, 3));
	assert_non_null(wire_fault(&answer, 7, 2));
	answer.magic = 0;
	assert_non_null(wire_fault(&answer, 7, 3));
}

/* --- the server ------------------------------------------------------------------------------- */

static struct memory memory;
static struct clients clients;
static struct tcp tcp;

static void server_up(void)
{
	struct err err;

	assert_int_equal(memory_open(&memory, PAGES * WIRE_PAGE, false, MEMORY_ANY_NODE, &err), 0);
	clients = (struct clients){ .memory = &memory,
				    .max_clients = 3,
				    .max_queue_pairs = 3,
				    .max_bytes = 12 * WIRE_PAGE,
				    .linger_ns = 3600 * NSEC_PER_SEC,
				    .token = "sesame" };
	assert_int_equal(clients_open(&clients, &err), 0);
	assert_int_equal(tcp_open(&tcp, "0", &err), 0);
}

static void server_down(void)
{
	tcp_close(&tcp);
	clients_close(&clients);
	memory_close(&memory);
}

/* A round of the event loop. */
static void serve(void)
{
	struct pollfd fds[2 + 1 + TCP_ARRIVALS] = {
		{ .fd = clients.background.fd, .events = POLLIN },
		{ .fd = clients.news_fd, .events = POLLIN },
	};
	size_t nr = 2 + tcp_poll_fds(&tcp, fds + 2);

	poll(fds, nr, 1);
	background_finish(&clients.background);
	clients_news(&clients);
	tcp_serve(&tcp, &clients, fds + 2);
}

static void serve_until_readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint64_t begin = clock_ns();

	while (poll(&p, 1, 0) == 0) {
		assert_true(clock_ns() - begin < PATIENCE_NS);
		serve();
	}
}

static void serve_until_clients(unsigned int nr)
{
	uint64_t begin = clock_ns();

	while (clients.nr != nr) {
		assert_true(clock_ns() - begin < PATIENCE_NS);
		serve();
	}
}

static int connect_to_server(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	at.sin_port = htons((uint16_t)atoi(strrchr(tcp.address, ':') + 1));
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

/* What is read of an answer to a hello: a grant, or a refusal. */
union reply {
	struct memserver_head head;
	struct memserver_grant grant;
	struct memserver_refusal refusal;
};

static int say_hello(const void *hello, union reply *ret)
{
	int fd = connect_to_server();

	memset(ret, 0, sizeof(*ret));
	assert_int_equal(send(fd, hello, WIRE_HELLO_BYTES, 0), WIRE_HELLO_BYTES);
	serve_until_readable(fd);
	recv(fd, ret, sizeof(*ret), 0);
	return fd;
}

static struct memserver_head head(enum memserver_kind kind)
{
	return (struct memserver_head){ htobe32(MEMSERVER_MAGIC), htobe16(MEMSERVER_VERSION),
					htobe16(kind) };
}

static int open_session(uint64_t pages, const char *token, union reply *ret)
{
	struct memserver_open open = { .head = head(MEMSERVER_OPEN),
				       .bytes_least = htobe64(pages * WIRE_PAGE),
				       .bytes_most = htobe64(pages * WIRE_PAGE),
				       .queue_pairs_least = htobe16(2) };

	memcpy(open.token, token, strlen(token));
	return say_hello(&open, ret);
}

static int join(uint64_t session, uint32_t owner, union reply *ret)
{
	union {
		struct wire_join join;
		char bytes[WIRE_HELLO_BYTES];
	} hello = { .join = { .join = { head(MEMSERVER_JOIN), session }, htobe32(owner) } };

	return say_hello(&hello, ret);
}

static int granted(uint64_t pages, union reply *ret)
{
	int fd = open_session(pages, "sesame", ret);

	assert_int_equal(ret->head.kind, htobe16(MEMSERVER_GRANT));
	assert_int_equal(be64toh(ret->grant.bytes), pages * WIRE_PAGE);
	return fd;
}

static void refused(int fd, const union reply *reply, const char *words)
{
	assert_int_equal(reply->head.kind, htobe16(MEMSERVER_REFUSAL));
	if (!strstr(reply->refusal.why, words))
		fail_msg("refused with: %s", reply->refusal.why);
	close(fd);
}

/* A request and what comes back of it; false: the server disconnected. */
static bool request(int fd, enum wire_kind kind, struct wire_run run, void *pages)
{
	uint8_t bytes[sizeof(struct wire_head) + sizeof(run)];
	size_t len = put_request(bytes, kind, &run, 1), size = run.nr * WIRE_PAGE;
	struct wire_answer answer;

	send(fd, bytes, len, MSG_NOSIGNAL);
	if (kind == WIRE_WRITE)
		send(fd, pages, size, MSG_NOSIGNAL);
	if (recv(fd, &answer, sizeof(answer), MSG_WAITALL) != sizeof(answer))
		return false;
	assert_null(wire_fault(&answer, 7, kind == WIRE_READ ? run.nr : 0));
	if (kind == WIRE_READ)
		assert_int_equal(recv(fd, pages, size, MSG_WAITALL), size);
	return true;
}

static uint8_t pages[PAGES * WIRE_PAGE];

static bool all_are(uint8_t byte, size_t nr_pages)
{
	return pages[0] == byte && memcmp(pages, pages + 1, nr_pages * WIRE_PAGE - 1) == 0;
}

static void clients_stay_apart(void **state)
{
	union reply a, b, reply;
	int fd_a, fd_b, fd;

	(void)state;
	server_up();
	fd_a = granted(6, &a);
	fd_b = granted(6, &b);
	memset(pages, 'a', sizeof(pages));
	assert_true(request(fd_a, WIRE_WRITE, (struct wire_run){ 0, 6 }, pages));
	assert_true(request(fd_b, WIRE_READ, (struct wire_run){ 0, 6 }, pages));
	assert_true(all_are(0, 6));
	assert_true(request(fd_a, WIRE_READ, (struct wire_run){ 0, 6 }, pages));
	assert_true(all_are('a', 6));
	/* Neither beyond its own memory, nor by another's number. */
	fd = join(a.grant.session ^ htobe64(1), 1, &reply);
	refused(fd, &reply, "no such session");
	assert_false(request(fd_b, WIRE_READ, (struct wire_run){ 5, 2 }, pages));
	serve_until_clients(1);
	assert_true(request(fd_a, WIRE_READ, (struct wire_run){ 5, 1 }, pages));
	close(fd_a);
	close(fd_b);
	serve_until_clients(0);
	/* What they left is nobody's to read. */
	fd = granted(12, &reply);
	assert_true(request(fd, WIRE_READ, (struct wire_run){ 0, 12 }, pages));
	assert_true(all_are(0, 12));
	close(fd);
	server_down();
}

static void who_is_refused_hears_why(void **state)
{
	struct memserver_open garbage;
	union reply reply;
	int fd;

	(void)state;
	server_up();
	fd = open_session(4, "wrong", &reply);
	refused(fd, &reply, "wrong access token");
	fd = open_session(13, "sesame", &reply);
	refused(fd, &reply, "--max-bytes-per-client");
	memset(&garbage, 'x', sizeof(garbage));
	fd = say_hello(&garbage, &reply);
	refused(fd, &reply, "no client");
	fd = granted(12, &reply);
	refused(open_session(12, "sesame", &reply), &reply, "what is free");
	close(fd);
	serve_until_clients(0);
	assert_int_equal(clients.refused, 4);
	assert_int_equal(memory_free_bytes(&memory), memory.bytes);
	server_down();
}

static void a_session_has_so_many_connections(void **state)
{
	union reply opened, reply;
	int fds[4];

	(void)state;
	server_up();
	fds[0] = granted(4, &opened);
	for (uint32_t i = 1; i < 3; i++) {
		fds[i] = join(opened.grant.session, i, &reply);
		assert_int_equal(reply.head.kind, htobe16(MEMSERVER_GRANT));
		assert_int_equal(reply.grant.session, opened.grant.session);
	}
	fds[3] = join(opened.grant.session, 3, &reply);
	refused(fds[3], &reply, "all 3 connections");
	/* It lives as long as one of them. */
	close(fds[0]);
	close(fds[1]);
	assert_true(request(fds[2], WIRE_WRITE, (struct wire_run){ 3, 1 }, pages));
	assert_int_equal(clients.nr, 1);
	close(fds[2]);
	serve_until_clients(0);
	server_down();
}

/* Half a write hangs on a connection: CUT ends that one, answers, and leaves the others. */
static void a_cut_leaves_nothing_under_way(void **state)
{
	const struct wire_run run = { 0, 4 };
	struct wire_head cut = wire_head(WIRE_CUT, 0, 9, 5);
	uint8_t bytes[64];
	union reply opened, reply;
	struct wire_answer answer;
	int keeper, writer, other;
	char byte;

	(void)state;
	server_up();
	keeper = granted(4, &opened);
	writer = join(opened.grant.session, 5, &reply);
	other = join(opened.grant.session, 6, &reply);
	memset(pages, 'w', sizeof(pages));
	send(writer, bytes, put_request(bytes, WIRE_WRITE, &run, 1), 0);
	send(writer, pages, WIRE_PAGE + 100, 0);
	send(keeper, &cut, sizeof(cut), 0);
	serve_until_readable(keeper);
	assert_int_equal(recv(keeper, &answer, sizeof(answer), MSG_WAITALL), sizeof(answer));
	assert_null(wire_fault(&answer, 9, 0));
	assert_int_equal(clients.list->nr_connections, 2);
	memset(pages, 'o', sizeof(pages));
	assert_true(request(other, WIRE_WRITE, run, pages));
	assert_true(send(writer, pages, WIRE_PAGE, MSG_NOSIGNAL) < 0 ||
		    recv(writer, &byte, 1, 0) <= 0);
	assert_true(request(other, WIRE_READ, run, pages));
	assert_true(all_are('o', 4));
	/* A good-bye ends all of them. */
	cut = wire_head(WIRE_BYE, 0, 10, 0);
	send(keeper, &cut, sizeof(cut), 0);
	serve_until_clients(0);
	assert_int_equal(recv(other, &byte, 1, 0), 0);
	close(keeper);
	close(writer);
	close(other);
	server_down();
}

/* Whoever has seen a session end finds its memory free, though the loop has not come round yet. */
static void the_next_one_finds_it_free(void **state)
{
	struct wire_head bye = wire_head(WIRE_BYE, 0, 1, 0);
	union reply reply;
	char byte;

	(void)state;
	server_up();
	for (int i = 0; i < 200; i++) {
		int fd = granted(12, &reply);

		send(fd, &bye, sizeof(bye), 0);
		assert_int_equal(recv(fd, &byte, 1, 0), 0);
		close(fd);
	}
	server_down();
}

static void who_says_nothing_keeps_nobody_out(void **state)
{
	int silent[TCP_ARRIVALS], fd;
	union reply reply;

	(void)state;
	server_up();
	for (size_t i = 0; i < TCP_ARRIVALS / 2; i++)
		silent[i] = connect_to_server();
	fd = granted(4, &reply);
	for (size_t i = 0; i < tcp.nr; i++)
		tcp.arrivals[i].since_ns = 0; /* as if they had been there for long */
	serve();
	assert_int_equal(tcp.nr, 0);
	for (size_t i = 0; i < TCP_ARRIVALS / 2; i++)
		close(silent[i]);
	close(fd);
	server_down();
}

static void addresses_are_checked(void **state)
{
	struct err err;
	struct tcp t;

	(void)state;
	assert_true(tcp_open(&t, "nonsense", &err) < 0);
	assert_int_equal(err.kind, ERR_USAGE);
	assert_true(tcp_open(&t, "127.0.0.1:99999999", &err) < 0);
	assert_true(tcp_open(&t, "192.0.2.1:0", &err) < 0); /* nobody's: RFC 5737 */
	assert_non_null(strstr(err.msg, "192.0.2.1"));
	assert_int_equal(tcp_open(&t, "127.0.0.1:0", &err), 0);
	assert_int_equal(strncmp(t.address, "127.0.0.1:", 10), 0);
	tcp_close(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_parsed_as_they_come),
		cmocka_unit_test(no_request_reaches_past_the_memory),
		cmocka_unit_test(requests_have_their_limits),
		cmocka_unit_test(answers_are_checked),
		cmocka_unit_test(clients_stay_apart),
		cmocka_unit_test(who_is_refused_hears_why),
		cmocka_unit_test(a_session_has_so_many_connections),
		cmocka_unit_test(a_cut_leaves_nothing_under_way),
		cmocka_unit_test(the_next_one_finds_it_free),
		cmocka_unit_test(who_says_nothing_keeps_nobody_out),
		cmocka_unit_test(addresses_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
