// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/block_server.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/find_program.h"
#include "base/sysfile.h"

#define PATIENCE_NS (60 * NSEC_PER_SEC) /* it takes, clears and locks its memory first */
#define LOOK_MS	    50
#define ARGS_MAX    8

int block_server_check(struct err *err)
{
	char program[PATH_MAX];

	return find_own_program(SERVER_PROGRAM, program, sizeof(program))
		       ? 0
		       : err_missing(err, "no program " SERVER_PROGRAM ": `make` builds it");
}

/* --- starting it ---------------------------------------------------------------------------- */

static int explain(struct block_server *s, const char *what, const char *log, struct err *err)
{
	char how[128] = "does not serve after a minute", tail[512];

	if (s->child.reaped)
		child_describe(&s->child, how, sizeof(how));
	child_log_tail(log, tail, sizeof(tail));
	return err_failed(err, 0, SERVER_PROGRAM " %s %s%s%s", what, how,
			  tail[0] ? ": " : ", saying nothing", tail);
}

static int wait_ready(struct block_server *s, const char *what, const char *log, struct err *err)
{
	struct pollfd ready = { .fd = s->child.out_fd, .events = POLLIN };
	uint64_t deadline = clock_ns() + PATIENCE_NS;
	char byte;

	while (clock_ns() < deadline) {
		int rc;

		if (poll(&ready, 1, LOOK_MS) > 0 && read(s->child.out_fd, &byte, 1) == 1)
			return 0;
		rc = child_wait(&s->child, 0, err);
		if (rc < 0)
			return rc;
		if (rc)
			break;
	}
	return explain(s, what, log, err);
}

/* argv of at most ARGS_MAX words; those that are NULL are left out. */
static void fill_argv(char **argv, char *program, const char *const *words, size_t nr)
{
	*argv++ = program;
	for (size_t i = 0; i < nr; i++) {
		if (words[i])
			*argv++ = (char *)words[i];
	}
	*argv = NULL;
}

int block_server_start(struct block_server *s, const char *what, const char *number,
		       const char *cookie, uint64_t size_bytes,
		       const struct block_server_pace *pace, const char *state_dir,
		       struct journal *j, struct err *err)
{
	char program[PATH_MAX], log[PATH_MAX], size[24], delay[24], bandwidth[24];
	const char *const words[] = { what, number, cookie, size, delay, bandwidth };
	struct place place = { .join = server_group_join, .arg = &s->group, .mem_node = -1 };
	char *argv[ARGS_MAX];
	int rc;

	*s = (struct block_server){ .child = CHILD_INIT };
	if (!find_own_program(SERVER_PROGRAM, program, sizeof(program)))
		return block_server_check(err);
	snprintf(size, sizeof(size), "%" PRIu64, size_bytes);
	snprintf(delay, sizeof(delay), "%" PRIu64, pace->delay_ns);
	snprintf(bandwidth, sizeof(bandwidth), "%" PRIu64, pace->bandwidth_bytes);
	snprintf(log, sizeof(log), "%.4000s/backend-%s.log", state_dir, what);
	fill_argv(argv, program, words, sizeof(words) / sizeof(*words));
	rc = server_group_make(&s->group, j, err);
	if (!rc)
		rc = journal_add(j, err, "file", log, NULL);
	if (rc < 0)
		return rc;
	unlink(log);
	rc = child_spawn(&s->child, argv, &place, CHILD_CTL, log, err);
	return rc ? rc : wait_ready(s, what, log, err);
}

static int spawn(struct child *c, const char *what, const char *number, const char *cookie,
		 struct err *err)
{
	const char *const words[] = { what, number, cookie };
	char program[PATH_MAX];
	char *argv[ARGS_MAX];

	if (!find_own_program(SERVER_PROGRAM, program, sizeof(program)))
		return block_server_check(err);
	fill_argv(argv, program, words, sizeof(words) / sizeof(*words));
	return child_spawn(c, argv, NULL, CHILD_LOG, "/dev/null", err);
}

int block_server_call(const char *what, const char *number, const char *cookie, struct err *err)
{
	struct child c = CHILD_INIT;
	char how[128];
	int rc = spawn(&c, what, number, cookie, err);

	if (rc)
		return rc;
	rc = child_wait(&c, (int)(PATIENCE_NS / NSEC_PER_MSEC), err);
	if (rc == 1 && c.status == 0) {
		rc = 0;
	} else if (rc >= 0) {
		snprintf(how, sizeof(how), "does not end");
		if (c.reaped)
			child_describe(&c, how, sizeof(how));
		rc = err_failed(err, 0, SERVER_PROGRAM " %s %s %s", what, number, how);
	}
	child_release(&c);
	return rc;
}

int block_server_leave(const char *what, const char *number, const char *cookie, struct err *err)
{
	struct child c = CHILD_INIT;
	int rc = spawn(&c, what, number, cookie, err);

	if (rc)
		return rc;
	close(c.pidfd);
	return 0;
}

/* --- in a run ------------------------------------------------------------------------------- */

bool block_server_is_dead(struct block_server *s)
{
	return s->child.pid && child_wait(&s->child, 0, NULL) != 0;
}

void block_server_facts(const struct block_server *s, const struct block_server_pace *pace,
			struct facts *facts)
{
	static const char *const files[] = { "memory.current", "memory.usage_in_bytes" };

	facts_set(facts, "server_pid", "%d", (int)s->child.pid);
	facts_set(facts, "server_delay_ns", "%" PRIu64, pace->delay_ns);
	facts_set(facts, "server_bandwidth_bytes", "%" PRIu64, pace->bandwidth_bytes);
	if (s->group.dir[0])
		facts_set(facts, "server_group", "%s", s->group.dir);
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		char path[PATH_MAX];
		uint64_t bytes;

		snprintf(path, sizeof(path), "%s/%s", s->group.dir, files[i]);
		if (s->group.dir[0] && sysfile_read_u64(path, &bytes) == 0)
			facts_set(facts, "server_memory_bytes", "%" PRIu64, bytes);
	}
}

void block_server_release(struct block_server *s)
{
	child_leave(&s->child);
}
