// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/memaslap_output.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

/* A terminal's control sequence (ECMA-48 CSI): ESC [ parameters, then one final byte. */
static const char *skip_controls(const char *s)
{
	while (s[0] == '\033' && s[1] == '[') {
		s += 2;
		s += strspn(s, "0123456789;?");
		if (*s)
			s++;
	}
	return s;
}

/* "Period SECONDS OPS TPS NET MISSES MIN MAX AVG STD GEO"; STD may be "-nan". */
static bool parse_period(const char *row, struct memaslap_period *p)
{
	int64_t min_us, max_us, avg_us;
	int n = sscanf(row,
		       "Period %*d %" SCNu64 " %*d %*f %" SCNu64 " %" SCNd64 " %" SCNd64 " %" SCNd64
		       " %lf",
		       &p->ops, &p->get_misses, &min_us, &max_us, &avg_us, &p->sd_us);

	if (n != 6)
		return false;
	/* A period without operations has the minimum -1. */
	if (p->ops && (min_us < 0 || max_us < min_us || avg_us < 0))
		return false;
	p->min_us = (uint64_t)min_us;
	p->max_us = (uint64_t)max_us;
	p->avg_us = (uint64_t)avg_us;
	if (!isfinite(p->sd_us))
		p->sd_us = 0;
	return true;
}

static void take_line(struct memaslap_output *out, const char *line, uint64_t now_ns)
{
	struct memaslap_period p = { .read_ns = now_ns };

	line = skip_controls(line);
	if (strstr(line, "didn't set success")) {
		out->failed_sets++;
	} else if (strstr(line, " Statistics")) {
		/* The summary at its end is headed "Total Statistics (N events)". */
		out->in_total = strcmp(line, "Total Statistics") == 0;
	} else if (out->in_total && strncmp(line, "Period", 6) == 0) {
		if (!parse_period(line, &p)) {
			if (!*out->bad_row)
				snprintf(out->bad_row, sizeof(out->bad_row), "%.159s", line);
			return;
		}
		if (out->nr == out->cap) {
			out->cap = out->cap ? 2 * out->cap : 4096;
			out->periods = xreallocarray(out->periods, out->cap, sizeof(p));
		}
		out->periods[out->nr++] = p;
		out->ops += p.ops;
	}
}

void memaslap_output_feed(struct memaslap_output *out, const char *bytes, size_t len,
			  uint64_t now_ns)
{
	char *newline;

	buf_add(&out->text, bytes, len);
	while (out->line_at < out->text.len &&
	       (newline = memchr(out->text.data + out->line_at, '\n',
				 out->text.len - out->line_at))) {
		char line[256];
		size_t line_len = (size_t)(newline - out->text.data) - out->line_at;

		snprintf(line, sizeof(line), "%.*s", (int)line_len, out->text.data + out->line_at);
		line[strcspn(line, "\r")] = '\0';
		take_line(out, line, now_ns);
		out->line_at += line_len + 1;
	}
}

struct memaslap_sum memaslap_output_sum(const struct memaslap_output *out, uint64_t begin_ns,
					uint64_t end_ns)
{
	struct memaslap_sum sum = { .min_us = UINT64_MAX };
	double time_us = 0, squares = 0;

	for (size_t i = 1; i < out->nr; i++) {
		const struct memaslap_period *before = &out->periods[i - 1], *p = &out->periods[i];

		if (before->read_ns < begin_ns || p->read_ns > end_ns)
			continue;
		if (!sum.periods++)
			sum.begin_ns = before->read_ns;
		sum.end_ns = p->read_ns;
		sum.get_misses += p->get_misses;
		/* One without operations changes nothing: its minimum, -1, is the largest there is. */
		sum.ops += p->ops;
		time_us += (double)p->ops * (double)p->avg_us;
		if (p->ops) /* ms_stats.c: its deviation is that of the sum of squares from its average */
			squares += (double)(p->ops - 1) * p->sd_us * p->sd_us +
				   (double)p->ops * (double)p->avg_us * (double)p->avg_us;
		if (p->min_us < sum.min_us)
			sum.min_us = p->min_us;
		if (p->max_us > sum.max_us)
			sum.max_us = p->max_us;
	}
	if (sum.ops)
		sum.avg_us = time_us / (double)sum.ops;
	if (sum.ops > 1)
		sum.sd_us = sqrt(fmax(0, squares - (double)sum.ops * sum.avg_us * sum.avg_us) /
				 (double)(sum.ops - 1));
	return sum;
}

void memaslap_output_release(struct memaslap_output *out)
{
	buf_release(&out->text);
	free(out->periods);
	*out = (struct memaslap_output)MEMASLAP_OUTPUT_INIT;
}
