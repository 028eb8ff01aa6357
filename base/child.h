/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Child processes with a place: group, CPUs and memory node are theirs before their first
 * instruction. The child stops right after fork(), the parent's join() puts it into its group,
 * then it sets affinity and memory policy and execs. Charges do not move between groups, so a
 * process that is moved later would keep its memory outside.
 *
 * Every child dies with the harness (PR_SET_PDEATHSIG) and leads a process group of its own, with
 * default signal handling and /dev/null as stdin. The kernel sends that signal when the *thread*
 * that forked ends, so children are spawned from the main thread only.
 */
#ifndef BASE_CHILD_H
#define BASE_CHILD_H

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "err.h"

struct place {
	/* Called in the parent while the child waits. NULL: no group. */
	int (*join)(void *arg, pid_t pid, struct err *err);
	void *arg;
	bool bind_cpus;
	cpu_set_t cpus;
	int mem_node;	       /* bind memory there (libnuma, strict); -1: kernel's default */
	uint64_t spread_nodes; /* spread memory over them by the kernel's weights (bit i is node i);
				* 0: don't */
	char *const *env;      /* "NAME=VALUE", NULL-ended, before the caller's own; NULL: none */
	const char *dir;       /* where it runs; NULL: where the caller does */
	bool same_user; /* a server keeps this process's user: who pages its memory needs it */
	int share_fd;	/* fd 4 in a child with CHILD_CTL; 0: none */
};

/* One, or CHILD_SPLIT with CHILD_CTL. */
enum child_stdio {
	CHILD_LOG = 0, /* to the file log_path (both stdout and stderr) */
	CHILD_PTY = 1, /* stdout is a terminal the caller reads at child.out_fd (line-buffered
			* output); stderr goes to log_path */
	CHILD_CTL =
		2, /* as CHILD_LOG, plus a stream socket: fd 3 in the child, child.out_fd here */
	CHILD_SPLIT = 4, /* stdout to log_path.out, stderr to log_path.err */
};

struct child {
	pid_t pid;  /* 0: none */
	int pidfd;  /* readable when it has ended */
	int out_fd; /* see child_stdio; non-blocking; -1: none. A terminal whose program
			    * has ended reads -EIO, not end of file */
	bool reaped;
	bool stuck;		   /* killed in vain (a disk that hangs?): not waited for again */
	int status;		   /* as waitpid(), once reaped */
	struct rusage usage;	   /* once reaped */
	uint64_t start_ns, end_ns; /* released to exec; reaped */
};

#define CHILD_INIT                                                                                 \
	{                                                                                          \
		.pid = 0, .pidfd = -1, .out_fd = -1                                                \
	}

/* argv[0] is looked up in PATH. log_path is created or appended to. A failing exec is reported
 * here (-ENOENT: ERR_MISSING). */
int child_spawn(struct child *c, char *const argv[], const struct place *place,
		enum child_stdio stdio, const char *log_path, struct err *err);
/*
 * Has it ended? Reaps it, kills what is left of its process group, fills status and usage. 1 ended,
 * 0 running, -EINTR a signal came, -errno. timeout_ms as poll().
 */
int child_wait(struct child *c, int timeout_ms, struct err *err);
/* To its whole process group. -ESRCH: it was reaped, or there is none. */
int child_signal(struct child *c, int sig);
/* SIGTERM (and SIGCONT), wait grace_ms, SIGKILL, reap. Nothing to do when it is reaped or none. */
void child_stop(struct child *c, int grace_ms);
/* Stops it where it still runs; closes descriptors. */
void child_release(struct child *c);
/* It is somebody else's to end, such as the journal's: reaps it where it has, closes descriptors. */
void child_leave(struct child *c);
/* "exited with status 3", "was killed by signal 9 (Killed)". */
void child_describe(const struct child *c, char *dst, size_t size);
/* The last lines of a log file, joined with " | ", at most size: for error messages. */
void child_log_tail(const char *log_path, char *dst, size_t size);

#endif
