// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/group/reclaimer.h"

#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "harness/group/reclaim_count.h"

/* Between two looks at memory.current while there is nothing to do: one fault is a few us, so a
 * millisecond of 12 threads faulting is some 10 MiB, about the head-room. */
#define LOOK_NS 200000

struct reclaimer {
	pthread_t thread;
	atomic_bool stop;
	sem_t ready; /* posted once the thread knows whether it can count */
	struct reclaim_count *count;
	uint64_t page_bytes;
	int current_fd, reclaim_fd, cpu;
	uint64_t target_bytes, step_bytes;
	struct reclaimer_counters *counters;
};

int reclaimer_check(const struct group *g, struct err *err)
{
	char path[PATH_MAX + 32];

	if (g->machine->memory_version != 2)
		return err_missing(err,
				   "no offloaded reclaim: cgroup v1 has no memory.reclaim (boot "
				   "with cgroup v2, or use --in-lab)");
	snprintf(path, sizeof(path), "%s/memory.reclaim", g->memory_dir);
	if (access(path, W_OK) != 0)
		return err_missing(err, "no offloaded reclaim: this kernel has no memory.reclaim "
					"(Linux >= 5.19 has)");
	return 0;
}

static bool read_current(const struct reclaimer *r, uint64_t *ret_bytes)
{
	char text[32];
	ssize_t n = pread(r->current_fd, text, sizeof(text) - 1, 0);

	if (n <= 0)
		return false;
	text[n] = '\0';
	*ret_bytes = strtoull(text, NULL, 10);
	return true;
}

static void count_reclaimed(struct reclaimer *r)
{
	uint64_t pages;

	if (!r->count)
		return;
	if (reclaim_count_take(r->count, &pages) != 0)
		atomic_store(&r->counters->uncounted, true);
	atomic_fetch_add_explicit(&r->counters->bytes, pages * r->page_bytes, memory_order_relaxed);
}

static void reclaim(struct reclaimer *r, uint64_t over_bytes)
{
	uint64_t bytes = over_bytes < r->step_bytes ? over_bytes : r->step_bytes;
	char text[32];
	int len = snprintf(text, sizeof(text), "%llu", (unsigned long long)bytes);

	atomic_fetch_add_explicit(&r->counters->calls, 1, memory_order_relaxed);
	if (pwrite(r->reclaim_fd, text, (size_t)len, 0) != len)
		atomic_fetch_add_explicit(&r->counters->short_calls, 1, memory_order_relaxed);
	count_reclaimed(r);
}

static void start_count(struct reclaimer *r)
{
	struct err why;

	if (reclaim_count_new(&r->count, &why) != 0) {
		snprintf(r->counters->why, sizeof(r->counters->why), "%.255s", why.msg);
		atomic_store(&r->counters->uncounted, true);
	}
	sem_post(&r->ready);
}

static void *reclaimer_thread(void *arg)
{
	struct reclaimer *r = arg;
	cpu_set_t cpus;

	if (r->cpu >= 0) {
		CPU_ZERO(&cpus);
		CPU_SET(r->cpu, &cpus);
		sched_setaffinity(0, sizeof(cpus), &cpus);
	}
	start_count(r);
	while (!atomic_load_explicit(&r->stop, memory_order_relaxed)) {
		struct timespec cpu, pause = { 0, LOOK_NS };
		uint64_t current;

		if (!read_current(r, &current))
			break; /* the group is gone */
		if (current > r->target_bytes)
			reclaim(r, current - r->target_bytes);
		else
			nanosleep(&pause, NULL);
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu);
		atomic_store_explicit(&r->counters->cpu_ns,
				      (uint64_t)cpu.tv_sec * NSEC_PER_SEC + (uint64_t)cpu.tv_nsec,
				      memory_order_relaxed);
	}
	return NULL;
}

int reclaimer_start(const struct group *g, uint64_t target_bytes, uint64_t step_bytes, int cpu,
		    struct reclaimer_counters *counters, struct reclaimer **ret, struct err *err)
{
	struct reclaimer *r = calloc(1, sizeof(*r));
	char path[PATH_MAX + 32];
	int rc;

	if (!r)
		return err_failed(err, ENOMEM, "reclaimer");
	sem_init(&r->ready, 0, 0);
	r->page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	r->cpu = cpu;
	r->target_bytes = target_bytes;
	r->step_bytes = step_bytes;
	r->counters = counters;
	snprintf(path, sizeof(path), "%s/memory.current", g->memory_dir);
	r->current_fd = open(path, O_RDONLY | O_CLOEXEC);
	if (r->current_fd >= 0)
		snprintf(path, sizeof(path), "%s/memory.reclaim", g->memory_dir);
	r->reclaim_fd = r->current_fd >= 0 ? open(path, O_WRONLY | O_CLOEXEC) : -1;
	if (r->reclaim_fd < 0) {
		rc = err_failed(err, errno, "cannot open %s", path);
		goto out;
	}
	rc = pthread_create(&r->thread, NULL, reclaimer_thread, r);
	if (rc) {
		rc = err_failed(err, rc, "cannot start the reclaimer thread");
		goto out;
	}
	while (sem_wait(&r->ready) != 0)
		; /* a signal */
	*ret = r;
	return 0;
out:
	if (r->current_fd >= 0)
		close(r->current_fd);
	if (r->reclaim_fd >= 0)
		close(r->reclaim_fd);
	free(r);
	return rc;
}

void reclaimer_free(struct reclaimer *r)
{
	if (!r)
		return;
	atomic_store(&r->stop, true);
	pthread_join(r->thread, NULL);
	reclaim_count_free(r->count);
	sem_destroy(&r->ready);
	close(r->current_fd);
	close(r->reclaim_fd);
	free(r);
}
