// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/policy/queue.h"

#include "harness/policy/policy.h"

uint64_t queue_held(const struct queue_job *j)
{
	if (j->state != JOB_RUNS)
		return 0;
	return j->limit_bytes == POLICY_UNLIMITED ? j->peak_bytes : j->limit_bytes;
}

size_t queue_arrive(struct queue *q, double t_s)
{
	size_t nr = 0;

	for (size_t i = 0; i < q->nr; i++) {
		if (q->jobs[i].state != JOB_COMES || q->jobs[i].arrival_s > t_s)
			continue;
		q->jobs[i].state = JOB_WAITS;
		nr++;
	}
	return nr;
}

static bool is_in(const struct queue_job *j)
{
	return j->state == JOB_ENTERS || j->state == JOB_RUNS;
}

struct queue_job *queue_admit(struct queue *q)
{
	struct queue_job *first = NULL;
	unsigned int cores = 0;
	uint64_t least = 0;

	for (size_t i = 0; i < q->nr; i++) {
		struct queue_job *j = &q->jobs[i];

		if (is_in(j)) {
			least += j->least_bytes;
			cores += j->cores;
		} else if (!first && j->state == JOB_WAITS) {
			first = j;
		}
	}
	if (!first || least + first->least_bytes > q->local_bytes ||
	    (first->cores && cores + first->cores > q->cores))
		return NULL;
	first->state = JOB_ENTERS;
	first->target_bytes = first->least_bytes;
	return first;
}

static uint64_t free_bytes(const struct queue *q)
{
	uint64_t held = 0;

	for (size_t i = 0; i < q->nr; i++)
		held += queue_held(&q->jobs[i]);
	return held < q->local_bytes ? q->local_bytes - held : 0;
}

bool queue_has_room(const struct queue *q, const struct queue_job *j, uint64_t *ret_bytes)
{
	uint64_t room = free_bytes(q), wants = j->target_bytes;

	if (wants == POLICY_UNLIMITED) {
		*ret_bytes = wants;
		return j->peak_bytes <= room;
	}
	*ret_bytes = wants < room ? wants : room;
	return *ret_bytes >= (wants < j->least_bytes ? wants : j->least_bytes);
}

uint64_t queue_next_limit(const struct queue *q, const struct queue_job *j, uint64_t step_bytes)
{
	uint64_t now = j->limit_bytes, to = j->target_bytes, room;

	if (now == to || to == POLICY_UNLIMITED || now == POLICY_UNLIMITED)
		return to == now ? now : to;
	if (to < now)
		return now - to > step_bytes ? now - step_bytes : to;
	room = free_bytes(q);
	if (to - now < step_bytes)
		step_bytes = to - now;
	return now + (step_bytes < room ? step_bytes : room);
}

const struct queue_job *queue_impossible(const struct queue *q, bool *ret_cores)
{
	for (size_t i = 0; i < q->nr; i++) {
		*ret_cores = q->jobs[i].cores > q->cores;
		if (*ret_cores || q->jobs[i].least_bytes > q->local_bytes)
			return &q->jobs[i];
	}
	return NULL;
}
