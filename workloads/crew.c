// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/crew.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/cpus.h"

static void *member_main(void *arg)
{
	struct crew_member *m = arg;
	struct crew *c = m->crew;

	for (;;) {
		pthread_barrier_wait(&c->gate);
		if (!c->step)
			return NULL;
		c->step(c->arg, m->index);
		pthread_barrier_wait(&c->gate);
	}
}

static int start_member(struct crew_member *m, int cpu, struct err *err)
{
	pthread_attr_t attr;
	cpu_set_t set;
	int rc;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	pthread_attr_init(&attr);
	rc = pthread_attr_setaffinity_np(&attr, sizeof(set), &set);
	if (!rc)
		rc = pthread_create(&m->thread, &attr, member_main, m);
	pthread_attr_destroy(&attr);
	return rc ? err_failed(err, rc, "cannot start a thread on CPU %d", cpu) : 0;
}

int crew_init(struct crew *c, unsigned int threads, struct err *err)
{
	struct cpus cpus;
	int rc = cpus_init(&cpus, err);

	*c = (struct crew){ .nr = threads };
	if (rc)
		return rc;
	c->members = xcalloc(threads, sizeof(*c->members));
	pthread_barrier_init(&c->gate, NULL, threads + 1);
	pthread_barrier_init(&c->together, NULL, threads);
	for (unsigned int i = 0; i < threads && !rc; i++) {
		c->members[i].crew = c;
		c->members[i].index = i;
		rc = start_member(&c->members[i], cpus.cpu[i % cpus.nr], err);
		c->running += !rc;
	}
	return rc;
}

void crew_release(struct crew *c)
{
	if (!c->members)
		return;
	/* With some threads missing the gate never opens: the process's end ends them. */
	if (c->running < c->nr)
		return;
	c->step = NULL;
	pthread_barrier_wait(&c->gate);
	for (unsigned int i = 0; i < c->nr; i++)
		pthread_join(c->members[i].thread, NULL);
	pthread_barrier_destroy(&c->gate);
	pthread_barrier_destroy(&c->together);
	free(c->members);
	c->members = NULL;
}

void crew_begin(struct crew *c, void (*step)(void *arg, unsigned int thread), void *arg)
{
	c->step = step;
	c->arg = arg;
	pthread_barrier_wait(&c->gate);
}

void crew_wait(struct crew *c)
{
	pthread_barrier_wait(&c->gate);
}

uint64_t crew_run(struct crew *c, void (*step)(void *arg, unsigned int thread), void *arg)
{
	uint64_t begin_ns = clock_ns();

	crew_begin(c, step, arg);
	crew_wait(c);
	return clock_ns() - begin_ns;
}

void crew_meet(struct crew *c)
{
	pthread_barrier_wait(&c->together);
}
