// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/memserver_local.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/find_program.h"
#include "base/sysfile.h"

#define PATIENCE_NS (60 * NSEC_PER_SEC) /* it takes and clears its memory first */
#define LOOK_MS	    10
#define TOKEN_BYTES 12 /* two characters each: MEMSERVER_TOKEN_MAX of memserver/handshake.h */
#define SAYS_WHERE  " on TCP "

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

/* What its log says when it serves. */
static bool read_address(const char *log, char *dst, size_t size)
{
	struct buf text = BUF_INIT;
	const char *at = NULL, *end;

	if (sysfile_read(log, &text) == 0)
		at = strstr(text.data, SAYS_WHERE);
	end = at ? strchr(at, '\n') : NULL;
	if (end)
		snprintf(dst, size, "%.*s", (int)(end - at - strlen(SAYS_WHERE)),
			 at + strlen(SAYS_WHERE));
	buf_release(&text);
	return end;
}

static int explain(const struct child *c, const char *log, struct err *err)
{
	char how[128] = "does not serve after a minute", tail[512];

	if (c->reaped)
		child_describe(c, how, sizeof(how));
	child_log_tail(log, tail, sizeof(tail));
	return err_failed(err, 0, "memserver %s%s%s", how, tail[0] ? ": " : ", saying nothing",
			  tail);
}

static int wait_ready(struct memserver_local *m, const char *log, struct err *err)
{
	uint64_t deadline = clock_ns() + PATIENCE_NS;
	int rc = 0;

	while (!read_address(log, m->address, sizeof(m->address))) {
		rc = child_wait(&m->child, LOOK_MS, err);
		if (rc < 0)
			return rc;
		if (rc || clock_ns() >= deadline)
			return explain(&m->child, log, err);
	}
	return 0;
}

int memserver_local_start(struct memserver_local *m, uint64_t size_bytes, const char *state_dir,
			  struct journal *j, struct err *err)
{
	static unsigned int number; /* of this process's */
	struct place place = { .join = server_group_join, .arg = &m->group, .mem_node = -1 };
	char program[PATH_MAX], size[24], log[PATH_MAX];
	char *argv[] = { program, (char *)"--tcp",	  (char *)"127.0.0.1:0", (char *)"--size",
			 size,	  (char *)"--token-file", m->token_file,	 NULL };
	int rc;

	*m = (struct memserver_local){ .child = CHILD_INIT };
	if (!find_own_program("memserver", program, sizeof(program)))
		return err_missing(err, "no memserver: `make memserver` builds it");
	snprintf(size, sizeof(size), "%" PRIu64, size_bytes);
	snprintf(log, sizeof(log), "%.4000s/memserver-%d-%u.log", state_dir, (int)getpid(),
		 ++number);
	snprintf(m->token_file, sizeof(m->token_file), "%.4000s/memserver-%d-%u.token", state_dir,
		 (int)getpid(), number);
	rc = write_token(m->token_file, j, err);
	if (!rc)
		rc = server_group_make(&m->group, j, err);
	if (!rc)
		rc = journal_add(j, err, "file", log, NULL);
	if (rc < 0)
		return rc;
	unlink(log);
	rc = child_spawn(&m->child, argv, &place, CHILD_LOG, log, err);
	return rc ? rc : wait_ready(m, log, err);
}

void memserver_local_release(struct memserver_local *m)
{
	child_leave(&m->child);
}
