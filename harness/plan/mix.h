/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A mix: the jobs that share local memory, when they come, and what may be asked of them. From words
 * (`fmbench corun quicksort kv`) or from an experiment file with sections [job NAME]; doc/CORUN.md
 * describes both. Arrivals are drawn from a seed, so that a mix can be played again.
 */
#ifndef HARNESS_MIX_H
#define HARNESS_MIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "harness/plan/mix_opts.h"
#include "workloads/workload.h"
#include "results/profile.h"

extern const struct opt mix_opts[];

/* One section, or one word. */
struct mix_entry {
	char *label;
	const struct workload *workload;
	void *params;
	char **argv;
	uint64_t count;
	char *arrivals;
	double least, ratio;
	uint64_t cores;
	uint64_t peak_bytes; /* stated, or found; 0: not known */
	uint64_t alone_ns;   /* stated for a simulation: how long it takes alone; 0: by its runs */
	bool profiled;	     /* profile is there */
	struct profile profile;
	unsigned int line; /* of the file */
};

/* One job, in the order of arrival. */
struct mix_job {
	size_t entry;
	char *name;
	double arrival_s;
};

struct mix {
	const char *path; /* NULL: from words */
	struct mix_entry *entries;
	size_t nr_entries;
	struct mix_job *jobs;
	size_t nr_jobs;
};

/*
 * Words are names of workloads; one that ends in .ini, or has a '/', is a file, and then the only one.
 * o: what the command line said; keys of [experiment] fill in what it did not give. Errors are
 * ERR_USAGE as "FILE:LINE: what; next step". Release it either way.
 */
int mix_read(struct mix *m, char *const *words, size_t nr, struct mix_options *o, struct err *err);
/* pair: key=value for all workloads that have the key, or LABEL.key=value. 1: it is nobody's here. */
int mix_set(struct mix *m, const char *pair, struct err *err);
/* Draw the jobs anew. Same seed, same arrivals. */
int mix_draw(struct mix *m, uint64_t seed, struct err *err);
/* Its parameters, as a run of it alone stores them. */
void mix_entry_json(const struct mix_entry *e, struct buf *b);
/* "quicksort x8 poisson 4/min, kv", on the heap. */
char *mix_describe(const struct mix *m);
void mix_release(struct mix *m);

#endif
