/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What memaslap -S 1s prints: each second a block "Get Statistics", "Set Statistics" (where there
 * were such), "Total Statistics", each with a row of the period and a row since the start
 * (libmemcached, contrib/bin/memaslap/ms_stats.c: ms_dump_format_stats()). Only the periods of
 * the totals are kept, each with the time its row was read: its period ended just then, and began
 * when the row before it was read.
 */
#ifndef WORKLOADS_MEMASLAP_OUTPUT_H
#define WORKLOADS_MEMASLAP_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct memaslap_period {
	uint64_t read_ns;
	uint64_t ops, get_misses;
	/* Without meaning where ops is 0. The average is cut to whole us; the deviation is from that. */
	uint64_t min_us, max_us, avg_us;
	double sd_us; /* 0 of a single operation */
};

struct memaslap_output {
	struct buf text; /* all of it, for the run's artifacts */
	size_t line_at;	 /* where the unfinished line begins in it */
	bool in_total;
	struct memaslap_period *periods;
	size_t nr, cap;
	uint64_t ops;	    /* of all periods */
	size_t failed_sets; /* "key: … didn't set success" */
	char bad_row[160];  /* the first row that could not be read; "" where all could */
};

#define MEMASLAP_OUTPUT_INIT                                                                       \
	{                                                                                          \
		.text = BUF_INIT                                                                   \
	}

void memaslap_output_release(struct memaslap_output *out);
/* Bytes that were just read from its terminal. */
void memaslap_output_feed(struct memaslap_output *out, const char *bytes, size_t len,
			  uint64_t now_ns);

/* The periods that lie wholly in a window, summed. */
struct memaslap_sum {
	size_t periods;
	uint64_t begin_ns, end_ns;
	uint64_t ops, get_misses;
	uint64_t min_us, max_us;
	double avg_us, sd_us; /* of all operations; no deviation of a single one */
};

struct memaslap_sum memaslap_output_sum(const struct memaslap_output *out, uint64_t begin_ns,
					uint64_t end_ns);

#endif
