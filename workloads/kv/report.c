// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/kv/report.h"

#include <inttypes.h>

#include "base/clock.h"
#include "workloads/latency.h"

/* The seconds that lie wholly in the window. */
static size_t seconds_in(uint64_t origin_ns, uint64_t begin_ns, uint64_t end_ns, size_t *ret_first)
{
	uint64_t first = 0, last = 0;

	if (begin_ns > origin_ns)
		first = (begin_ns - origin_ns + NSEC_PER_SEC - 1) / NSEC_PER_SEC;
	if (end_ns > origin_ns)
		last = (end_ns - origin_ns) / NSEC_PER_SEC;
	*ret_first = first;
	return last > first ? last - first : 0;
}

static void sum(const struct kv_totals *t, size_t first, size_t nr, struct kv_second *into)
{
	for (unsigned int i = 0; i < t->threads; i++)
		kv_record_sum(&t->records[i], first, nr, into);
}

static void report_each_second(struct worker *w, const struct kv_totals *t, size_t first, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		struct kv_second s = kv_second_new();

		sum(t, first + i, 1, &s);
		if (hist_has_quantile(s.latency, 0.99))
			worker_thread_result(w, KV_LATENCY_AT, (unsigned int)i,
					     (double)hist_quantile(s.latency, 0.99) / 1e3);
		kv_second_release(&s);
	}
}

static void judge_pace(struct worker *w, const struct kv_second *all)
{
	double late = (double)all->late / (double)all->offered;
	double achieved = (double)all->answered / (double)all->offered;

	if (late > 0.01 || achieved < 0.99)
		worker_flag(
			w, "PACED_BEHIND", SEVERITY_WARNING,
			"answers came at %.1f %% of the rate, and %.1f %% of the requests were "
			"sent more than %llu us after they were meant to be: the rate is beyond "
			"the server, or beyond the client (client_cpu)",
			100 * achieved, 100 * late, KV_LATE_NS / NSEC_PER_USEC);
}

static void report_window(struct worker *w, const struct kv_totals *t, size_t first, size_t nr)
{
	struct kv_second all = kv_second_new();

	sum(t, first, nr, &all);
	worker_result(w, KV_OPS, (double)all.answered / (double)nr);
	worker_result(w, KV_UNANSWERED, (double)all.unanswered);
	latency_report(w, KV_LATENCY, all.latency);
	if (hist_has_quantile(all.latency, 0.9999))
		worker_result(w, KV_LATENCY_99_99,
			      (double)hist_quantile(all.latency, 0.9999) / 1e3);
	if (all.offered && t->paced) {
		worker_result(w, KV_OFFERED, (double)all.offered / (double)nr);
		worker_result(w, KV_LATE, (double)all.late / (double)all.offered);
		worker_result(w, KV_SEND_DELAY, (double)hist_quantile(all.delay, 0.99) / 1e3);
		judge_pace(w, &all);
	}
	kv_second_release(&all);
	report_each_second(w, t, first, nr);
}

void kv_report(struct worker *worker, const struct kv_totals *t)
{
	uint64_t begin_ns, end_ns;
	size_t first, nr;

	worker_window(worker, &begin_ns, &end_ns);
	nr = seconds_in(t->records[0].origin_ns, begin_ns, end_ns, &first);
	if (nr)
		report_window(worker, t, first, nr);
	worker_result(worker, KV_MISSES, (double)t->misses);
	worker_result(worker, KV_REFUSALS, (double)t->refusals);
	worker_result(worker, KV_CLIENT_CPU, t->client_cpu);
	if (t->strange)
		worker_flag(worker, "PAGE_CORRUPTED", SEVERITY_FATAL,
			    "kv: %" PRIu64 " values came back changed, old or another key's",
			    t->strange);
}
