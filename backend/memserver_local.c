// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/memserver_local.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "backend/rdma_local.h"
#include "base/find_program.h"
#include "base/sysfile.h"

#define PATIENCE_S  60 /* it takes and clears its memory first */
#define LOOK_MS	    10
#define TOKEN_BYTES 12 /* two characters each: MEMSERVER_TOKEN_MAX of memserver/handshake.h */

/* Of a kind that nobody guesses: other users of this machine reach the port, too. */
static int write_token(const char *path, struct journal *j, struct err *err)
{
	unsigned char random[TOKEN_BYTES];
	int fd, rc = journal_add(j, err, "file", path, NULL);

	if (rc < 0)
		return rc;
	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return err_failed(err, errno, "no random numbers for %s", path);
	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_failed(err, errno, "%s", path);
	for (size_t i = 0; i < sizeof(random); i++)
		dprintf(fd, "%02x", random[i]);
	return write(fd, "\n", 1) == 1 && close(fd) == 0 ? 0 : err_failed(err, errno, "%s", path);
}

/* How it is called, and what its log says before its address. */
static const struct transport {
	const char *option, *serves;
} over_tcp = { "--tcp", " on TCP " }, over_rdma = { "--listen", " on RDMA " };

static bool read_address(const struct transport *t, const char *log, char *dst, size_t size)
{
	struct buf text = BUF_INIT;
	const char *at = NULL, *end;

	if (sysfile_read(log, &text) == 0)
		at = strstr(text.data, t->serves);
	end = at ? strchr(at, '\n') : NULL;
	if (end)
		snprintf(dst, size, "%.*s", (int)(end - at - strlen(t->serves)),
			 at + strlen(t->serves));
	buf_release(&text);
	return end;
}

struct start {
	const struct memserver_wish *wish;
	const struct transport *transport;
	char program[PATH_MAX], listen[80], size[24], log[PATH_MAX];
};

/* How it ended, what it said last, and what to do about it. */
static int explain(const struct child *c, const struct start *s, struct err *err)
{
	char how[128], tail[512];
	size_t len;

	if (c->reaped) {
		child_describe(c, how, sizeof(how));
		len = strlen(how);
		snprintf(how + len, sizeof(how) - len, " before it served");
	} else {
		snprintf(how, sizeof(how), "does not serve after %d s", PATIENCE_S);
	}
	child_log_tail(s->log, tail, sizeof(tail));
	return err_failed(err, 0, "memserver %s%s%s; try `%.200s %s %s --size %s` by hand, or %s",
			  how, tail[0] ? ": " : ", saying nothing", tail, s->program,
			  s->transport->option, s->listen, s->size, s->wish->advice);
}

static int wait_ready(struct memserver_local *m, const struct start *s, struct err *err)
{
	uint64_t deadline = clock_ns() + PATIENCE_S * NSEC_PER_SEC;
	int rc = 0;

	while (!read_address(s->transport, s->log, m->address, sizeof(m->address))) {
		rc = child_wait(&m->child, LOOK_MS, err);
		if (rc < 0)
			return rc;
		if (rc || clock_ns() >= deadline)
			return explain(&m->child, s, err);
	}
	return 0;
}

static int spawn(struct memserver_local *m, const struct start *s, struct err *err)
{
	struct place place = { .join = server_group_join, .arg = &m->group, .mem_node = -1 };
	char *argv[] = { (char *)"setpriv",
			 (char *)"--pdeathsig",
			 (char *)"clear",
			 (char *)s->program,
			 (char *)s->transport->option,
			 (char *)s->listen,
			 (char *)"--size",
			 (char *)s->size,
			 (char *)"--token-file",
			 m->token_file,
			 NULL };

	return child_spawn(&m->child, s->wish->outlives ? argv : argv + 3, &place, CHILD_LOG,
			   s->log, err);
}

/* Where it is found, and the address on which it shall take any free port. */
static int find(struct start *s, bool rdma, struct err *err)
{
	char address[64] = "127.0.0.1";
	int rc = rdma ? rdma_local_address(address, sizeof(address), err) : 0;

	s->transport = rdma ? &over_rdma : &over_tcp;
	snprintf(s->listen, sizeof(s->listen), "%s:0", address);
	if (!rc && !find_own_program("memserver", s->program, sizeof(s->program)))
		rc = err_missing(err, "no memserver: `make memserver` builds it");
	return rc;
}

int memserver_local_check(bool rdma, struct err *err)
{
	struct start s;

	return find(&s, rdma, err);
}

int memserver_local_start(struct memserver_local *m, const struct memserver_wish *wish,
			  const char *state_dir, struct journal *j, struct err *err)
{
	static unsigned int number; /* of this process's */
	struct start s = { .wish = wish };
	int rc;

	*m = (struct memserver_local){ .child = CHILD_INIT };
	rc = find(&s, wish->rdma, err);
	if (rc)
		return rc;
	snprintf(s.size, sizeof(s.size), "%" PRIu64, wish->size_bytes);
	snprintf(s.log, sizeof(s.log), "%.4000s/memserver-%d-%u.log", state_dir, (int)getpid(),
		 ++number);
	snprintf(m->token_file, sizeof(m->token_file), "%.4000s/memserver-%d-%u.token", state_dir,
		 (int)getpid(), number);
	rc = write_token(m->token_file, j, err);
	if (!rc)
		rc = server_group_make(&m->group, j, err);
	if (!rc)
		rc = journal_add(j, err, "file", s.log, NULL);
	if (rc < 0)
		return rc;
	unlink(s.log);
	rc = spawn(m, &s, err);
	return rc ? rc : wait_ready(m, &s, err);
}

void memserver_local_release(struct memserver_local *m)
{
	child_leave(&m->child);
}
