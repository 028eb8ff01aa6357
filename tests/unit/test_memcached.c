// SPDX-License-Identifier: GPL-2.0-or-later
/* The memcached server and client, with a real server. */
#include "tests/unit/test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "workloads/memcached.h"

static const struct place anywhere = { .mem_node = -1 };
static const struct memcached_config small = { .threads = 1, .connections = 16, .limit_mib = 64 };

static void start(struct memcached *m, const char *dir)
{
	struct err err = { .kind = ERR_NONE };
	int rc = memcached_check(&err);

	if (rc == -ENOENT)
		skip(); /* memcached is not installed */
	rc = memcached_start(m, &small, &anywhere, dir, &err);
	if (rc)
		fail_msg("%s", err.msg);
}

static void test_requests(void **state)
{
	struct memcached m = MEMCACHED_INIT;
	struct err err = { .kind = ERR_NONE };
	uint64_t bytes, larger, value, objects, fetched;

	start(&m, *state);
	assert_int_equal(memcached_alive(&m, &err), 0);

	/* More than key, value and header; whole chunks, which grow by a quarter at most. */
	assert_int_equal(memcached_probe_object(&m, 64, 1024, &bytes, &err), 0);
	assert_in_range(bytes, 64 + 1024 + 48, (64 + 1024 + 48) * 5 / 4 + 64);
	/* Larger than half a slab page: several chunks. */
	assert_int_equal(memcached_probe_object(&m, 16, 600 << 10, &larger, &err), 0);
	assert_in_range(larger, 600 << 10, 1400 << 10);

	/* The probes are gone. */
	assert_int_equal(memcached_stats(&m, "stats", &err), 0);
	assert_int_equal(memcached_stat(&m, "curr_items", &value, &err), 0);
	assert_int_equal(value, 0);
	assert_int_equal(memcached_stat(&m, "cmd_set", &value, &err), 0);
	assert_int_equal(value, 2);
	/* A key is matched whole, and its name told when it is missing. */
	assert_int_equal(memcached_stat(&m, "cmd_se", &value, &err), -ENODATA);
	assert_non_null(strstr(err.msg, "'cmd_se'"));
	/* Automatic crawling would touch the store by itself. */
	assert_int_equal(memcached_stats(&m, "stats settings", &err), 0);
	assert_non_null(strstr(m.reply.data, "STAT lru_crawler no"));

	/* 300 objects make a dump of several reads; 20 of them are fetched. */
	for (int i = 0; i < 300; i++) {
		char request[128];

		snprintf(request, sizeof(request), "set key%d 0 0 5\r\nvalue", i);
		assert_int_equal(memcached_request(&m, request, "STORED", &err), 0);
		if (i % 15)
			continue;
		snprintf(request, sizeof(request), "get key%d", i);
		assert_int_equal(memcached_stats(&m, request, &err), 0);
		assert_non_null(strstr(m.reply.data, "value"));
	}
	assert_int_equal(memcached_count_fetched(&m, &objects, &fetched, &err), 0);
	assert_int_equal(objects, 300);
	assert_int_equal(fetched, 20);

	assert_int_equal(memcached_request(&m, "nonsense", "OK", &err), -EPROTO);
	assert_non_null(strstr(err.msg, "ERROR"));
	memcached_release(&m);
}

static void store_keys(const struct memcached *m, unsigned int nr)
{
	char request[64];

	for (unsigned int i = 0; i < nr; i++) {
		int len = snprintf(request, sizeof(request), "set k%u 0 0 1 noreply\r\nv\r\n", i);

		assert_int_equal(send(m->fd, request, (size_t)len, MSG_NOSIGNAL), len);
	}
}

/* It has 65,536 buckets to begin with: at 98,305 objects it will double them. */
static void test_growth(void **state)
{
	struct memcached m = MEMCACHED_INIT;
	struct err err = { .kind = ERR_NONE };
	uint64_t power;

	start(&m, *state);
	store_keys(&m, 98304);
	assert_int_equal(memcached_stats(&m, "stats", &err), 0);
	assert_true(memcached_has_grown(&m));
	store_keys(&m, 98400);
	assert_int_equal(memcached_stats(&m, "stats", &err), 0);
	assert_false(memcached_has_grown(&m));
	do {
		usleep(10000);
		assert_int_equal(memcached_stats(&m, "stats", &err), 0);
	} while (!memcached_has_grown(&m));
	assert_int_equal(memcached_stat(&m, "hash_power_level", &power, &err), 0);
	assert_int_equal(power, 17);
	/* The doubling itself is too short to be met for sure. */
	buf_reset(&m.reply);
	buf_adds(
		&m.reply,
		"STAT hash_power_level 17\r\nSTAT hash_is_expanding 1\r\nSTAT curr_items 98400\r\n");
	assert_false(memcached_has_grown(&m));
	memcached_release(&m);
}

static void test_death(void **state)
{
	struct memcached m = MEMCACHED_INIT;
	struct err err = { .kind = ERR_NONE };

	start(&m, *state);
	assert_int_equal(child_signal(&m.process.child, SIGKILL), 0);
	assert_true(memcached_stats(&m, "stats", &err) < 0);
	assert_non_null(strstr(err.msg, "Killed"));
	assert_true(memcached_alive(&m, &err) < 0);
	memcached_release(&m);
}

static void test_taken_port(void **state)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(addr);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct memcached first = MEMCACHED_INIT, second = MEMCACHED_INIT;
	struct memcached_config config = small;
	struct err err = { .kind = ERR_NONE };

	start(&first, *state);

	/* By another memcached: its answers must not be taken for ours. */
	config.port = first.process.port;
	assert_true(memcached_start(&second, &config, &anywhere, *state, &err) < 0);
	assert_non_null(strstr(err.msg, "in use"));
	memcached_release(&second);
	memcached_release(&first);

	/* By something that accepts and says nothing. */
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&addr, &len), 0);
	assert_int_equal(listen(fd, 5), 0);
	config.port = ntohs(addr.sin_port);
	second = (struct memcached)MEMCACHED_INIT;
	assert_true(memcached_start(&second, &config, &anywhere, *state, &err) < 0);
	assert_non_null(strstr(err.msg, "in use"));
	memcached_release(&second);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_growth),
		cmocka_unit_test(test_death),
		cmocka_unit_test(test_taken_port),
	};

	return cmocka_run_group_tests_name("memcached", tests, scratch_setup, scratch_teardown);
}
