// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/memcached.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/sysfile.h"

#define SILENT_MS 30000
#define CRAWL_NS  (120 * NSEC_PER_SEC)

/* memcached's slab_page_size, fixed since 1.4.3 (its default item_size_max). */
#define SLAB_PAGE_BYTES (1u << 20)
#define SLAB_CLASSES	64

int memcached_check(struct err *err)
{
	return server_check("memcached", "memcached (`make deps`)", err);
}

static int spawn(struct memcached *m, const struct memcached_config *config,
		 const struct place *place, struct err *err)
{
	char port[16], limit[32], threads[16], connections[16];
	char *argv[SERVER_ARGS];
	size_t n = 0;

	snprintf(port, sizeof(port), "%u", (unsigned int)m->process.port);
	snprintf(limit, sizeof(limit), "%" PRIu64, config->limit_mib);
	snprintf(threads, sizeof(threads), "%u", config->threads);
	snprintf(connections, sizeof(connections), "%u", config->connections);

#define ARG(s) (argv[n++] = (char *)(uintptr_t)(s))
	ARG("memcached");
	ARG("-l"), ARG("127.0.0.1");
	ARG("-p"), ARG(port);
	ARG("-u"), ARG("root"); /* where it is root's: see struct place's same_user */
	ARG("-U"), ARG("0");
	ARG("-m"), ARG(limit);
	ARG("-t"), ARG(threads);
	ARG("-c"), ARG(connections);
	ARG("-o"), ARG("no_lru_crawler");
	ARG(NULL);
#undef ARG
	return server_spawn(&m->process, argv, place, err);
}

int memcached_alive(struct memcached *m, struct err *err)
{
	return server_alive(&m->process, err);
}

/* Connected to this run's server, or to another one that has the port? */
static int check_pid(struct memcached *m, struct err *err)
{
	uint64_t pid;
	int rc = memcached_stats(m, "stats", err);

	if (rc == 0)
		rc = memcached_stat(m, "pid", &pid, err);
	if (rc)
		return rc;
	if (pid != (uint64_t)m->process.child.pid)
		return err_failed(err, EADDRINUSE,
				  "port %u on 127.0.0.1 is another memcached's (pid %" PRIu64
				  "); choose another with -o port, or 0 for a free one",
				  (unsigned int)m->process.port, pid);
	return 0;
}

int memcached_start(struct memcached *m, const struct memcached_config *config,
		    const struct place *place, const char *dir, struct err *err)
{
	int rc = server_init(&m->process, "memcached", config->port, dir, err);

	if (rc == 0)
		rc = spawn(m, config, place, err);
	if (rc == 0)
		rc = server_connect(&m->process, &m->fd, err);
	if (rc)
		return rc;
	/* The server whose port was taken needs a moment to find out and end. */
	rc = check_pid(m, err);
	if (rc == -EADDRINUSE && child_wait(&m->process.child, 1000, NULL) == 1)
		return memcached_alive(m, err);
	return rc;
}

void memcached_stop(struct memcached *m)
{
	if (m->fd >= 0)
		close(m->fd);
	m->fd = -1;
	server_stop(&m->process);
}

void memcached_release(struct memcached *m)
{
	memcached_stop(m);
	server_release(&m->process);
	buf_release(&m->reply);
}

/* The connection is of no use: the reason is more likely the server's end than the socket's. */
static int lost(struct memcached *m, int errnum, const char *request, struct err *err)
{
	if (child_wait(&m->process.child, 200, NULL) == 1)
		return memcached_alive(m, err);
	return err_failed(err, errnum, "memcached on port %u, asked '%.40s'",
			  (unsigned int)m->process.port, request);
}

static int send_all(struct memcached *m, const struct buf *text, struct err *err)
{
	for (size_t sent = 0; sent < text->len;) {
		ssize_t n = send(m->fd, text->data + sent, text->len - sent, MSG_NOSIGNAL);

		if (n < 0)
			return lost(m, errno, text->data, err);
		sent += (size_t)n;
	}
	return 0;
}

static int receive(struct memcached *m, const char *request, char *chunk, size_t size,
		   size_t *ret_len, struct err *err)
{
	struct pollfd fds[] = {
		{ .fd = m->fd, .events = POLLIN },
		{ .fd = m->process.child.pidfd,
		  .events = POLLIN }, /* whoever answers must be this run's server */
	};
	int rc = poll(fds, 2, SILENT_MS);
	ssize_t n;

	if (rc == 0)
		return err_failed(err, ETIMEDOUT,
				  "memcached on port %u is silent for %d s, asked '%.40s'",
				  (unsigned int)m->process.port, SILENT_MS / 1000, request);
	if (rc < 0)
		return err_failed(err, errno, "waiting for memcached");
	if (fds[1].revents)
		return lost(m, ECONNRESET, request, err);
	n = recv(m->fd, chunk, size, 0);
	if (n <= 0)
		return lost(m, n ? errno : ECONNRESET, request, err);
	*ret_len = (size_t)n;
	return 0;
}

static int ask(struct memcached *m, const char *request, struct err *err)
{
	struct buf line = BUF_INIT;
	int rc;

	if (m->fd < 0)
		return err_failed(err, ENOTCONN, "memcached");
	buf_addf(&line, "%s\r\n", request);
	rc = send_all(m, &line, err);
	buf_release(&line);
	return rc;
}

/* Does the reply end in this line? */
static bool ends_with(const struct buf *b, const char *line)
{
	size_t len = strlen(line);

	return b->len >= len + 2 && memcmp(b->data + b->len - len - 2, line, len) == 0 &&
	       strcmp(b->data + b->len - 2, "\r\n") == 0 &&
	       (b->len == len + 2 || b->data[b->len - len - 3] == '\n');
}

static int refused(struct memcached *m, const char *request, struct err *err)
{
	return err_failed(err, EPROTO, "memcached on port %u answers '%.*s' to '%.40s'",
			  (unsigned int)m->process.port, (int)strcspn(m->reply.data, "\r\n"),
			  m->reply.data, request);
}

int memcached_request(struct memcached *m, const char *request, const char *expect, struct err *err)
{
	int rc = ask(m, request, err);

	buf_reset(&m->reply);
	while (rc == 0 && (!m->reply.len || m->reply.data[m->reply.len - 1] != '\n')) {
		char chunk[512];
		size_t len = 0;

		rc = receive(m, request, chunk, sizeof(chunk), &len, err);
		if (rc == 0)
			buf_add(&m->reply, chunk, len);
	}
	if (rc)
		return rc;
	return ends_with(&m->reply, expect) ? 0 : refused(m, request, err);
}

int memcached_stats(struct memcached *m, const char *request, struct err *err)
{
	int rc = ask(m, request, err);

	buf_reset(&m->reply);
	while (rc == 0 && !ends_with(&m->reply, "END")) {
		char chunk[8192];
		size_t len;

		rc = receive(m, request, chunk, sizeof(chunk), &len, err);
		if (rc)
			break;
		buf_add(&m->reply, chunk, len);
		if (ends_with(&m->reply, "ERROR"))
			return refused(m, request, err);
	}
	return rc;
}

int memcached_stat(const struct memcached *m, const char *key, uint64_t *ret, struct err *err)
{
	char row[80];

	snprintf(row, sizeof(row), "STAT %s", key);
	if (!m->reply.len || sysfile_find_key(m->reply.data, row, ret))
		return err_failed(err, ENODATA,
				  "memcached's statistics have no number '%s'; is "
				  "its version older than 1.6?",
				  key);
	return 0;
}

/* Bytes of slab pages behind all chunks in use. */
static int used_bytes(struct memcached *m, uint64_t *ret, struct err *err)
{
	uint64_t bytes = 0;
	int rc = memcached_stats(m, "stats slabs", err);

	if (rc)
		return rc;
	for (int class = 1; class < SLAB_CLASSES; class ++) {
		uint64_t used, per_page;
		char key[32];

		snprintf(key, sizeof(key), "%d:used_chunks", class);
		if (memcached_stat(m, key, &used, NULL))
			continue;
		snprintf(key, sizeof(key), "%d:chunks_per_page", class);
		rc = memcached_stat(m, key, &per_page, err);
		if (rc)
			return rc;
		if (per_page)
			bytes += used * (SLAB_PAGE_BYTES / per_page);
	}
	*ret = bytes;
	return 0;
}

bool memcached_has_grown(const struct memcached *m)
{
	uint64_t power, growing, objects;

	if (memcached_stat(m, "hash_power_level", &power, NULL) ||
	    memcached_stat(m, "hash_is_expanding", &growing, NULL) ||
	    memcached_stat(m, "curr_items", &objects, NULL))
		return true; /* another memcached, of which nothing is known */
	return !growing && objects <= memcached_hash_holds(power);
}

int memcached_probe_object(struct memcached *m, size_t key_size, size_t value_size,
			   uint64_t *ret_bytes, struct err *err)
{
	struct buf key = BUF_INIT, request = BUF_INIT;
	uint64_t before, after;
	int rc;

	for (size_t i = 0; i < key_size; i++)
		buf_adds(&key, "k");
	buf_addf(&request, "set %s 0 0 %zu\r\n", key.data, value_size);
	for (size_t i = 0; i < value_size; i++)
		buf_adds(&request, "v");

	rc = used_bytes(m, &before, err);
	if (rc == 0)
		rc = memcached_request(m, request.data, "STORED", err);
	if (rc == 0)
		rc = used_bytes(m, &after, err);
	if (rc == 0) {
		buf_reset(&request);
		buf_addf(&request, "delete %s", key.data);
		rc = memcached_request(m, request.data, "DELETED", err);
	}
	if (rc == 0 && after <= before)
		rc = err_failed(err, EPROTO,
				"memcached's `stats slabs` does not show an object of "
				"%zu bytes",
				value_size);
	if (rc == 0)
		*ret_bytes = after - before;
	buf_release(&key);
	buf_release(&request);
	return rc;
}

/* Rows of the dump: "key=… exp=… la=… cas=… fetch=yes cls=… size=…" (doc/protocol.txt). */
static void count_rows(const char *text, uint64_t *objects, uint64_t *fetched)
{
	for (const char *row = text; row && *row;) {
		const char *next = strchr(row, '\n');
		const char *fetch = strstr(row, " fetch=yes");

		if (strncmp(row, "key=", 4) == 0) {
			++*objects;
			*fetched += fetch && (!next || fetch < next);
		}
		row = next ? next + 1 : NULL;
	}
}

struct dump {
	uint64_t objects, fetched;
};

/* -EBUSY, without a message: the crawler is on a walk of its own. A dump is larger than what is
 * worth keeping, so whole rows are counted as they come. */
static int take_dump(struct memcached *m, struct dump *ret, struct err *err)
{
	static const char request[] = "lru_crawler metadump all";
	struct dump dump = { 0, 0 };
	bool end = false;
	int rc = ask(m, request, err);

	buf_reset(&m->reply);
	while (rc == 0 && !end) {
		char chunk[16384], *last;
		size_t len = 0, rest;

		rc = receive(m, request, chunk, sizeof(chunk), &len, err);
		if (rc)
			break;
		buf_add(&m->reply, chunk, len);
		last = memrchr(m->reply.data, '\n', m->reply.len);
		if (!last)
			continue;
		if (strncmp(m->reply.data, "BUSY", 4) == 0)
			return -EBUSY;
		if (ends_with(&m->reply, "ERROR"))
			return refused(m, request, err);

		end = ends_with(&m->reply, "END");
		*last = '\0';
		count_rows(m->reply.data, &dump.objects, &dump.fetched);
		rest = m->reply.len - (size_t)(last + 1 - m->reply.data);
		memmove(m->reply.data, last + 1, rest + 1);
		m->reply.len = rest;
	}
	if (rc == 0)
		*ret = dump;
	return rc;
}

int memcached_count_fetched(struct memcached *m, uint64_t *ret_objects, uint64_t *ret_fetched,
			    struct err *err)
{
	uint64_t deadline_ns = clock_ns() + CRAWL_NS;
	struct dump dump;
	int rc = memcached_request(m, "lru_crawler enable", "OK", err);

	/* Once it is enabled it likes to walk the store for expired objects first. */
	while (rc == 0 && (rc = take_dump(m, &dump, err)) == -EBUSY) {
		if (clock_ns() > deadline_ns)
			return err_failed(err, EBUSY, "memcached's LRU crawler, after %llu s",
					  CRAWL_NS / NSEC_PER_SEC);
		if (clock_sleep_until(clock_ns() + 100 * NSEC_PER_MSEC))
			return err_failed(err, EINTR, "waiting for memcached's LRU crawler");
		rc = 0;
	}
	if (rc)
		return rc;
	*ret_objects = dump.objects;
	*ret_fetched = dump.fetched;
	return 0;
}
