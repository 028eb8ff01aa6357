// SPDX-License-Identifier: GPL-2.0-or-later
/* memserver without a NIC: whom it serves, refuses, and takes memory from. */
#include "tests/unit/test.h"

#include <endian.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "backend/memserver/log.h"
#include "backend/memserver/stats.h"
#include "base/clock.h"
#include "tests/fake_rdma.h"

#define PAGE  4096ull
#define PAGES 16

static struct memory memory;
static struct clients clients;

static void server_up(uint64_t linger_min_ns)
{
	struct err err;

	assert_int_equal(memory_open(&memory, PAGES * PAGE, false, MEMORY_ANY_NODE, &err), 0);
	clients = (struct clients){ .memory = &memory,
				    .max_clients = 4,
				    .max_queue_pairs = 3,
				    .linger_ns = 3600 * NSEC_PER_SEC,
				    .linger_min_ns = linger_min_ns };
	assert_int_equal(clients_open(&clients, &err), 0);
}

static void server_down(void)
{
	fake.fail_qp = fake.fail_accept = fake.fail_register = false;
	clients_close(&clients);
	memory_close(&memory);
	assert_int_equal(fake.nr_ids, 0);
	assert_int_equal(fake.nr_qps, 0);
}

static struct memserver_head head(enum memserver_kind kind)
{
	return (struct memserver_head){ htobe32(MEMSERVER_MAGIC), htobe16(MEMSERVER_VERSION),
					htobe16(kind) };
}

static void ask(uint64_t least_pages, uint64_t most_pages)
{
	struct memserver_open open = { .head = head(MEMSERVER_OPEN),
				       .bytes_least = htobe64(least_pages * PAGE),
				       .bytes_most = htobe64(most_pages * PAGE),
				       .queue_pairs_least = htobe16(1) };

	fake_request(&clients, &open, sizeof(open), 16);
}

/* The session of a client with so many pages. */
static struct client *serve(uint64_t pages)
{
	ask(pages, pages);
	assert_int_equal(fake.answer, FAKE_ACCEPTED);
	fake_event(&clients, fake.id, RDMA_CM_EVENT_ESTABLISHED);
	return clients.list;
}

static void enter(enum memserver_kind kind, uint64_t session)
{
	struct memserver_open join = { .head = head(kind) };

	((struct memserver_join *)&join)->session = htobe64(session);
	fake_request(&clients, &join, sizeof(join), 16);
}

/* All of the client's connections break. */
static void lose(struct client *client)
{
	while (client->connections)
		fake_event(&clients, client->connections->id, RDMA_CM_EVENT_DISCONNECTED);
	assert_true(client->lost_ns);
}

static void refused(enum memserver_refusal_code code, const char *why)
{
	assert_int_equal(fake.answer, FAKE_REJECTED);
	assert_non_null(strstr(fake.refusal.why, why));
	assert_int_equal(be16toh(fake.refusal.code), code);
}

static bool is_there(uint64_t session)
{
	for (const struct client *i = clients.list; i; i = i->next)
		if (i->session == session)
			return true;
	return false;
}

static void what_cannot_fit_takes_nothing(void **state)
{
	struct client *lost, *served;
	uint64_t session;

	(void)state;
	server_up(0);
	lost = serve(4);
	served = serve(8);
	session = lost->session;
	lose(lost);
	ask(9, 9);
	refused(MEMSERVER_FINAL, "36K of memory asked, 16K is what is free in one piece");
	ask(PAGES + 1, 0);
	refused(MEMSERVER_FINAL, "in one piece");
	assert_true(is_there(session));
	assert_true(is_there(served->session));
	server_down();
}

static void only_what_makes_room_goes(void **state)
{
	struct client *c[4];
	uint64_t session[4];

	(void)state;
	server_up(0);
	for (int i = 0; i < 4; i++)
		session[i] = (c[i] = serve(4))->session;
	/* 0 is too small alone, and beside 1, which is served; 2 and 3 are neighbours. */
	lose(c[0]);
	lose(c[3]);
	lose(c[2]);
	clients.max_clients = 10;
	ask(6, 6);
	assert_int_equal(fake.answer, FAKE_ACCEPTED);
	assert_true(is_there(session[0]));
	assert_true(is_there(session[1]));
	assert_false(is_there(session[2]));
	assert_false(is_there(session[3]));
	server_down();
}

static void the_longest_lost_goes_first(void **state)
{
	struct client *c[4];
	uint64_t session[4];

	(void)state;
	server_up(0);
	for (int i = 0; i < 4; i++)
		session[i] = (c[i] = serve(4))->session;
	lose(c[2]);
	lose(c[0]);
	/* All four places are taken, and all memory. */
	ask(4, 4);
	assert_int_equal(fake.answer, FAKE_ACCEPTED);
	assert_true(is_there(session[0]));
	assert_false(is_there(session[2]));
	server_down();
}

static void a_place_is_made_as_memory_is(void **state)
{
	struct client *c[4];
	uint64_t session[4];

	(void)state;
	server_up(0);
	for (int i = 0; i < 4; i++)
		session[i] = (c[i] = serve(1))->session;
	ask(1, 1);
	refused(MEMSERVER_FINAL, "all 4 clients of --max-clients are there");
	lose(c[1]);
	ask(14, 0);
	refused(MEMSERVER_FINAL, "in one piece");
	assert_true(is_there(session[1]));
	ask(1, 1);
	assert_int_equal(fake.answer, FAKE_ACCEPTED);
	assert_false(is_there(session[1]));
	server_down();
}

static void nobody_goes_before_its_time(void **state)
{
	struct client *lost;
	uint64_t session;

	(void)state;
	server_up(1000 * NSEC_PER_SEC);
	lost = serve(PAGES);
	session = lost->session;
	lose(lost);
	ask(1, 1);
	refused(MEMSERVER_TRANSIENT, "try again");
	assert_true(is_there(session));
	lost->lost_ns -= 1001 * NSEC_PER_SEC;
	ask(1, 1);
	assert_int_equal(fake.answer, FAKE_ACCEPTED);
	server_down();
}

static void a_resume_that_fails_can_be_tried_again(void **state)
{
	struct client *client;
	uint64_t lost_ns;

	(void)state;
	server_up(0);
	client = serve(4);
	fake.fail_qp = true;
	enter(MEMSERVER_RESUME, client->session);
	refused(MEMSERVER_TRANSIENT, "cannot make a queue pair");
	lost_ns = client->lost_ns;
	assert_true(lost_ns);
	fake.fail_qp = false;
	fake.fail_accept = true;
	enter(MEMSERVER_RESUME, client->session);
	refused(MEMSERVER_TRANSIENT, "cannot make a queue pair");
	/* The time until its memory goes runs from the first loss. */
	assert_int_equal(client->lost_ns, lost_ns);
	enter(MEMSERVER_JOIN, client->session);
	refused(MEMSERVER_TRANSIENT, "resume it first");
	fake.fail_accept = false;
	enter(MEMSERVER_RESUME, client->session);
	assert_int_equal(fake.answer, FAKE_ACCEPTED);
	assert_int_equal(client->lost_ns, 0);
	assert_int_equal(be64toh(fake.grant.session), client->session);
	/* And fails once more, before it was established. */
	fake_event(&clients, fake.id, RDMA_CM_EVENT_CONNECT_ERROR);
	assert_true(client->lost_ns);
	enter(MEMSERVER_RESUME, client->session ^ 1);
	refused(MEMSERVER_FINAL, "no such session");
	server_down();
}

/* While one client's memory is registered, which takes seconds when it is large, others are served. */
static void a_large_client_keeps_nobody_waiting(void **state)
{
	struct client *client;
	struct rdma_cm_id *large;

	(void)state;
	server_up(0);
	client = serve(1);
	fake.stall = true;
	ask(8, 8);
	large = fake.id;
	assert_int_equal(fake.answer, FAKE_NOTHING);
	clients_tick(&clients);
	enter(MEMSERVER_JOIN, client->session);
	assert_int_equal(fake.answer, FAKE_ACCEPTED);
	ask(PAGES, PAGES);
	refused(MEMSERVER_FINAL, "28K is what is free in one piece");
	fake.stall = false;
	fake.answer = FAKE_NOTHING;
	background_drain(&clients.background);
	assert_int_equal(fake.answer, FAKE_ACCEPTED);
	assert_ptr_equal(fake.id, large);
	server_down();
}

static void a_peer_may_leave_before_it_is_answered(void **state)
{
	(void)state;
	server_up(0);
	fake.stall = true;
	ask(PAGES, PAGES);
	assert_int_equal(clients.nr, 1);
	fake_event(&clients, fake.id, RDMA_CM_EVENT_UNREACHABLE);
	assert_false(clients.device_gone);
	fake.stall = false;
	background_drain(&clients.background);
	assert_int_equal(fake.answer, FAKE_NOTHING);
	assert_int_equal(clients.nr, 0);
	serve(PAGES);
	server_down();
}

/* Also when the memory was given to the next client before the last one's was cleared. */
static void nobody_reads_what_another_wrote(void **state)
{
	struct client *first;

	(void)state;
	server_up(0);
	first = serve(PAGES);
	memset(memory.base, 0xa5, PAGES * PAGE);
	lose(first);
	serve(PAGES);
	for (size_t i = 0; i < PAGES * PAGE; i++)
		assert_int_equal(memory.base[i], 0);
	server_down();
}

static void what_cannot_be_registered_is_refused(void **state)
{
	(void)state;
	server_up(0);
	fake.fail_register = true;
	ask(1, 1);
	refused(MEMSERVER_FINAL, "cannot register memory: Cannot allocate memory");
	assert_int_equal(clients.nr, 0);
	assert_int_equal(memory_free_bytes(&memory), PAGES * PAGE);
	server_down();
}

/* A probe that goes with its queue pair must not keep the others from being probed. */
static void a_probe_ends_with_its_connection(void **state)
{
	struct client *client;

	(void)state;
	server_up(0);
	client = serve(4);
	enter(MEMSERVER_JOIN, client->session);
	fake_event(&clients, fake.id, RDMA_CM_EVENT_ESTABLISHED);
	fake.nr_sent = 0;
	clients_tick(&clients);
	clients_tick(&clients);
	assert_int_equal(fake.nr_sent, 1);
	fake_event(&clients, client->connections->id, RDMA_CM_EVENT_DISCONNECTED);
	assert_int_equal(client->nr_connections, 1);
	clients_tick(&clients);
	assert_int_equal(fake.nr_sent, 2);
	/* Nobody answers that one. */
	fake_complete(1, IBV_WC_RETRY_EXC_ERR);
	clients_tick(&clients);
	assert_true(client->lost_ns);
	server_down();
}

static void depths_are_the_device_s(void **state)
{
	(void)state;
	server_up(0);
	serve(1);
	assert_int_equal(fake.accepted.responder_resources, 8);
	assert_int_equal(fake.accepted.initiator_depth, 4);
	clients.max_queue_pairs = 65535;
	ask(1, 1);
	assert_int_equal(be16toh(fake.grant.queue_pairs), 1000);
	server_down();
}

static void a_client_has_its_limit(void **state)
{
	(void)state;
	server_up(0);
	clients.max_bytes = 3 * PAGE;
	ask(4, 0);
	refused(MEMSERVER_FINAL, "16K of memory asked, --max-bytes-per-client is 12K");
	ask(1, 0);
	assert_int_equal(be64toh(fake.grant.bytes), 3 * PAGE);
	ask(1, 8);
	assert_int_equal(be64toh(fake.grant.bytes), 3 * PAGE);
	ask(1, 2);
	assert_int_equal(be64toh(fake.grant.bytes), 2 * PAGE);
	server_down();
}

/* What f() makes the log say. */
static char *logged(void (*f)(void))
{
	static char text[8192];
	int fds[2], old = dup(STDERR_FILENO);
	ssize_t n;

	assert_int_equal(pipe(fds), 0);
	fflush(stderr);
	dup2(fds[1], STDERR_FILENO);
	f();
	fflush(stderr);
	dup2(old, STDERR_FILENO);
	close(fds[1]);
	n = read(fds[0], text, sizeof(text) - 1);
	close(fds[0]);
	close(old);
	text[n < 0 ? 0 : n] = '\0';
	return text;
}

static void ask_often(void)
{
	for (int i = 0; i < 100; i++)
		ask(PAGES + 1, 0);
}

static void refusals_do_not_fill_the_log(void **state)
{
	unsigned int lines = 0;

	(void)state;
	server_up(0);
	for (const char *at = logged(ask_often); (at = strchr(at, '\n')); at++)
		lines++;
	assert_in_range(lines, 0, 10);
	assert_int_equal(clients.refused, 100);
	server_down();
}

static void say_strange(void)
{
	say("%s", "a\033[31mred\nline\xff");
}

static void the_log_is_printable(void **state)
{
	(void)state;
	assert_string_equal(logged(say_strange), "memserver: a\\x1b[31mred\\x0aline\\xff\n");
}

static void stats_take_only_a_dead_socket_s_place(void **state)
{
	const char *path = scratch_path(state, "stats");
	struct stats stats, second;
	struct err err = { 0 };
	struct stat st;

	assert_int_equal(close(open(path, O_CREAT | O_WRONLY, 0600)), 0);
	assert_true(stats_open(&stats, path, &err) < 0);
	assert_int_equal(err.kind, ERR_USAGE);
	stats_close(&stats);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(unlink(path), 0);

	assert_int_equal(stats_open(&stats, path, &err), 0);
	assert_true(stats_open(&second, path, &err) < 0);
	/* As if it had been killed. */
	close(stats.fd);
	assert_int_equal(stats_open(&second, path, &err), 0);
	/* The end of the first one is not that of the second. */
	stats.fd = -1;
	stats_close(&stats);
	assert_int_equal(stat(path, &st), 0);
	stats_close(&second);
	assert_int_equal(stat(path, &st), -1);
}

static void what_clients_store_is_in_no_core_dump(void **state)
{
	char line[256];
	unsigned long from, to;
	bool dumped = true, mine = false;
	FILE *f = fopen("/proc/self/smaps", "r");

	(void)state;
	server_up(0);
	f = freopen("/proc/self/smaps", "r", f);
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			mine = from == (uintptr_t)memory.base;
		if (mine && strncmp(line, "VmFlags:", 8) == 0)
			dumped = !strstr(line, " dd");
	}
	fclose(f);
	assert_false(dumped);
	server_down();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_cannot_fit_takes_nothing),
		cmocka_unit_test(only_what_makes_room_goes),
		cmocka_unit_test(the_longest_lost_goes_first),
		cmocka_unit_test(a_place_is_made_as_memory_is),
		cmocka_unit_test(nobody_goes_before_its_time),
		cmocka_unit_test(a_resume_that_fails_can_be_tried_again),
		cmocka_unit_test(a_large_client_keeps_nobody_waiting),
		cmocka_unit_test(a_peer_may_leave_before_it_is_answered),
		cmocka_unit_test(nobody_reads_what_another_wrote),
		cmocka_unit_test(what_cannot_be_registered_is_refused),
		cmocka_unit_test(a_probe_ends_with_its_connection),
		cmocka_unit_test(depths_are_the_device_s),
		cmocka_unit_test(a_client_has_its_limit),
		cmocka_unit_test(refusals_do_not_fill_the_log),
		cmocka_unit_test(the_log_is_printable),
		cmocka_unit_test(stats_take_only_a_dead_socket_s_place),
		cmocka_unit_test(what_clients_store_is_in_no_core_dump),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
