// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/kv/record.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"

struct kv_second kv_second_new(void)
{
	return (struct kv_second){ .latency = hist_new(), .delay = hist_new() };
}

void kv_second_release(struct kv_second *s)
{
	hist_free(s->latency);
	hist_free(s->delay);
}

void kv_record_release(struct kv_record *r)
{
	for (size_t i = 0; i < r->nr; i++)
		kv_second_release(&r->second[i]);
	free(r->second);
	*r = (struct kv_record){ 0 };
}

struct kv_second *kv_record_at(struct kv_record *r, uint64_t ns)
{
	size_t i = (ns - r->origin_ns) / NSEC_PER_SEC;

	if (i >= r->nr) {
		r->second = xreallocarray(r->second, i + 1, sizeof(*r->second));
		while (r->nr <= i)
			r->second[r->nr++] = kv_second_new();
	}
	return &r->second[i];
}

void kv_record_sent(struct kv_record *r, uint64_t meant_ns, uint64_t now_ns)
{
	struct kv_second *s = kv_record_at(r, meant_ns);

	s->offered++;
	s->late += now_ns - meant_ns > KV_LATE_NS;
	hist_add(s->delay, now_ns - meant_ns);
}

void kv_record_answered(struct kv_record *r, uint64_t meant_ns, uint64_t now_ns)
{
	hist_add(kv_record_at(r, meant_ns)->latency, now_ns - meant_ns);
	kv_record_at(r, now_ns)->answered++;
}

void kv_record_unanswered(struct kv_record *r, uint64_t meant_ns, uint64_t end_ns)
{
	struct kv_second *s = kv_record_at(r, meant_ns);

	s->unanswered++;
	hist_add(s->latency, end_ns - meant_ns);
}

void kv_record_unsent(struct kv_record *r, uint64_t meant_ns, uint64_t end_ns, uint64_t n)
{
	struct kv_second *s = kv_record_at(r, meant_ns);

	s->offered += n;
	s->late += n;
	s->unanswered += n;
	hist_add_many(s->latency, end_ns - meant_ns, n);
	hist_add_many(s->delay, end_ns - meant_ns, n);
}

void kv_record_sum(const struct kv_record *r, size_t first, size_t nr, struct kv_second *into)
{
	for (size_t i = first; i < first + nr && i < r->nr; i++) {
		const struct kv_second *s = &r->second[i];

		into->offered += s->offered;
		into->late += s->late;
		into->unanswered += s->unanswered;
		into->answered += s->answered;
		hist_merge(into->latency, s->latency);
		hist_merge(into->delay, s->delay);
	}
}
