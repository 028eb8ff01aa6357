// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/latency.h"

#include <stdio.h>

static void report_one(struct worker *w, const char *name, const char *suffix, double value)
{
	char full[64];

	snprintf(full, sizeof(full), "%s_%s", name, suffix);
	worker_result(w, full, value);
}

void latency_report(struct worker *w, const char *name, const struct hist *h)
{
	static const struct {
		const char *suffix;
		double q;
	} quantiles[] = { { "p50", 0.5 }, { "p90", 0.9 }, { "p99", 0.99 }, { "p99_9", 0.999 } };

	if (h->count) {
		for (size_t i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]); i++) {
			if (hist_has_quantile(h, quantiles[i].q))
				report_one(w, name, quantiles[i].suffix,
					   (double)hist_quantile(h, quantiles[i].q) / 1e3);
		}
		report_one(w, name, "mean", hist_mean(h) / 1e3);
		report_one(w, name, "max", (double)h->max / 1e3);
		worker_hist(w, name, h);
	}
	report_one(w, name, "count", (double)h->count);
}
