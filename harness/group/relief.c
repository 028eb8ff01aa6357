// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/group/relief.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/sysfile.h"

#define RAISE_SHARE 64		   /* of the limit: less than it may be missed by (flags.c) … */
#define RAISE_LEAST (256ull << 10) /* … but what the kernel charges a CPU in advance */
#define LOWER_TRIES 1000	   /* a millisecond apart: then swap is full in earnest */

struct relief {
	pthread_t thread;
	int event_fd, stop_fd;
	uint64_t limit_bytes, raised_bytes;
	uint64_t events; /* the thread's until it is joined */
	char oom_control[PATH_MAX + 32], limit[PATH_MAX + 32];
};

static int write_limit(const struct relief *r, uint64_t bytes)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)bytes);
	return sysfile_write(r->limit, text, NULL);
}

/* Up, so that the waiting task is charged; down again as soon as reclaim allows. */
static bool relieve(struct relief *r)
{
	uint64_t waiting;

	if (sysfile_read_key(r->oom_control, "under_oom", &waiting) != 0)
		return false;
	if (!waiting)
		return true;
	r->events++;
	write_limit(r, r->raised_bytes);
	for (int i = 0; i < LOWER_TRIES; i++) {
		if (write_limit(r, r->limit_bytes) == 0)
			return true;
		usleep(1000);
	}
	sysfile_write(r->oom_control, "0", NULL);
	return false;
}

static void *relief_thread(void *arg)
{
	struct relief *r = arg;
	struct pollfd fds[] = { { .fd = r->event_fd, .events = POLLIN },
				{ .fd = r->stop_fd, .events = POLLIN } };

	while (poll(fds, 2, -1) >= 0 || errno == EINTR) {
		uint64_t count;

		if (fds[1].revents)
			break;
		if (!fds[0].revents || read(r->event_fd, &count, sizeof(count)) < 0)
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
	r->raised_bytes =
		limit_bytes +
		(limit_bytes / RAISE_SHARE > RAISE_LEAST ? limit_bytes / RAISE_SHARE : RAISE_LEAST);
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

uint64_t relief_free(struct relief *r)
{
	uint64_t events, one = 1;

	if (!r)
		return 0;
	if (write(r->stop_fd, &one, sizeof(one)) == sizeof(one))
		pthread_join(r->thread, NULL);
	/* Nobody helps any more: a task that waits now must not wait for ever. */
	sysfile_write(r->oom_control, "0", NULL);
	events = r->events;
	close(r->event_fd);
	close(r->stop_fd);
	free(r);
	return events;
}
