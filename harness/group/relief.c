// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/group/relief.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/sysfile.h"

#define RAISE_SHARE 64 /* of the limit: less than it may be missed by (judge_memory.c) … */
#define RAISE_LEAST (256ull << 10) /* … but what the kernel charges a CPU in advance */
#define RAISES	    32		   /* at most before it is lowered again */
#define PATIENCE    100		   /* tries in which a task that was let go wakes up */
#define LOWER_TRIES 1000	   /* a millisecond apart: then swap is looked at */
/* Of a task that begins to wait while another one does the kernel tells nobody, and when that one goes on
 * it does not wake it (mem_cgroup_oom_synchronize()): so it is looked for. */
#define LOOK_MS 100

struct relief {
	pthread_t thread;
	int event_fd, stop_fd;
	_Atomic uint64_t limit_bytes; /* relief_move() changes it */
	struct relief_count count;    /* the thread's until it is joined */
	char oom_control[PATH_MAX + 32], limit[PATH_MAX + 32];
};

static uint64_t raise_bytes(const struct relief *r)
{
	uint64_t share = r->limit_bytes / RAISE_SHARE;

	return share > RAISE_LEAST ? share : RAISE_LEAST;
}

static int write_limit(const struct relief *r, uint64_t bytes)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)bytes);
	return sysfile_write(r->limit, text, NULL);
}

/* Is a task waiting to be charged? */
static bool under_oom(const struct relief *r)
{
	uint64_t waiting;

	return sysfile_read_key(r->oom_control, "under_oom", &waiting) == 0 && waiting;
}

static bool swap_is_full(void)
{
	uint64_t total, left;

	return sysfile_read_key("/proc/meminfo", "SwapTotal:", &total) != 0 ||
	       sysfile_read_key("/proc/meminfo", "SwapFree:", &left) != 0 || left * 100 < total;
}

/* A millisecond. False: the end was asked for. */
static bool rest(const struct relief *r)
{
	struct pollfd fd = { .fd = r->stop_fd, .events = POLLIN };

	return poll(&fd, 1, 1) == 0;
}

/*
 * Up, so that the waiting task is charged, and further up where it waits again; down as soon as
 * reclaim allows. False: no more of it.
 */
static bool relieve(struct relief *r)
{
	uint64_t bytes = r->limit_bytes;

	for (int tries = 0, raises = 0, next = 0; tries || under_oom(r); tries++) {
		if (tries >= next && raises < RAISES && under_oom(r)) {
			next = tries + PATIENCE;
			r->count.events++;
			raises++;
			bytes += raise_bytes(r);
			write_limit(r, bytes);
		}
		if (write_limit(r, r->limit_bytes) == 0)
			return true;
		if (!rest(r))
			return false;
		if (tries < LOWER_TRIES || (raises < RAISES && !swap_is_full()))
			continue;
		r->count.in_vain = true;
		r->count.swap_full = swap_is_full();
		sysfile_write(r->oom_control, "0", NULL);
		return false;
	}
	return true;
}

static void *relief_thread(void *arg)
{
	struct relief *r = arg;
	struct pollfd fds[] = { { .fd = r->event_fd, .events = POLLIN },
				{ .fd = r->stop_fd, .events = POLLIN } };

	for (;;) {
		uint64_t count;
		int nr = poll(fds, 2, LOOK_MS);

		if (nr < 0 && errno == EINTR)
			continue;
		if (nr < 0 || fds[1].revents)
			break;
		if (fds[0].revents && read(r->event_fd, &count, sizeof(count)) < 0)
			continue;
		if (!relieve(r))
			break;
	}
	return NULL;
}

/* "EVENT_FD OOM_CONTROL_FD" into cgroup.event_control makes the kernel signal the eventfd. */
static int register_event(const struct relief *r, const struct group *g, struct err *err)
{
	char path[PATH_MAX + 32], text[32];
	int oom_fd = open(r->oom_control, O_RDONLY | O_CLOEXEC), rc;

	if (oom_fd < 0)
		return err_failed(err, errno, "cannot open %s", r->oom_control);
	snprintf(path, sizeof(path), "%s/cgroup.event_control", g->memory_dir);
	snprintf(text, sizeof(text), "%d %d", r->event_fd, oom_fd);
	rc = sysfile_write(path, text, err);
	close(oom_fd);
	return rc;
}

int relief_start(const struct group *g, uint64_t limit_bytes, struct relief **ret, struct err *err)
{
	struct relief *r = calloc(1, sizeof(*r));
	int rc;

	if (!r)
		return err_failed(err, ENOMEM, "relief");
	r->limit_bytes = limit_bytes;
	snprintf(r->oom_control, sizeof(r->oom_control), "%s/memory.oom_control", g->memory_dir);
	snprintf(r->limit, sizeof(r->limit), "%s/memory.limit_in_bytes", g->memory_dir);
	r->event_fd = eventfd(0, EFD_CLOEXEC);
	r->stop_fd = eventfd(0, EFD_CLOEXEC);
	rc = r->event_fd < 0 || r->stop_fd < 0 ? err_failed(err, errno, "eventfd") : 0;
	if (!rc)
		rc = register_event(r, g, err);
	if (!rc)
		rc = sysfile_write(r->oom_control, "1", err);
	if (!rc) {
		rc = pthread_create(&r->thread, NULL, relief_thread, r);
		rc = rc ? err_failed(err, rc, "cannot start a thread") : 0;
	}
	if (!rc) {
		*ret = r;
		return 0;
	}
	sysfile_write(r->oom_control, "0", NULL);
	if (r->event_fd >= 0)
		close(r->event_fd);
	if (r->stop_fd >= 0)
		close(r->stop_fd);
	free(r);
	return rc;
}

void relief_move(struct relief *r, uint64_t limit_bytes)
{
	r->limit_bytes = limit_bytes;
}

void relief_free(struct relief *r, struct relief_count *ret)
{
	uint64_t one = 1;

	*ret = (struct relief_count){ 0 };
	if (!r)
		return;
	if (write(r->stop_fd, &one, sizeof(one)) == sizeof(one))
		pthread_join(r->thread, NULL);
	/* Nobody helps any more: a task that waits now must not wait for ever. */
	sysfile_write(r->oom_control, "0", NULL);
	*ret = r->count;
	close(r->event_fd);
	close(r->stop_fd);
	free(r);
}
