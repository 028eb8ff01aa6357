/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a run found out: named numbers, facts, flags and histograms on their way to the store. */
#ifndef BASE_RESULT_H
#define BASE_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hist.h"

enum better { BETTER_NEITHER, BETTER_HIGHER, BETTER_LOWER };

/* A number that a workload or micro-benchmark yields. Exported as column name_unit. */
struct metric {
	const char *name; /* "ops" */
	const char *unit; /* "per_s", "us", "s", "bytes", "share", "count" */
	enum better better;
	const char *help;
};

enum severity { SEVERITY_NOTE, SEVERITY_WARNING, SEVERITY_FATAL };

struct results {
	struct result {
		char *name, *unit;
		enum better better;
		double value;
	} * rows;
	size_t nr;
	struct result_flag {
		const char *code; /* from harness/run/judge_*.c or a unit: static storage */
		enum severity severity;
		char *detail;
	} * flags;
	size_t nr_flags;
	struct result_hist {
		char *name;
		struct hist *hist; /* owned */
	} * hists;
	size_t nr_hists;
};

void results_init(struct results *r);
void results_release(struct results *r);
void results_add(struct results *r, const char *name, const char *unit, enum better better,
		 double value);
void results_add_metric(struct results *r, const struct metric *m, double value);
/* NULL when there is none of that name. */
const struct result *results_find(const struct results *r, const char *name);
/* The same code twice keeps the first detail and the higher severity. */
void results_flag(struct results *r, const char *code, enum severity severity, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* Takes ownership of h (heap, from hist_new()). */
void results_add_hist(struct results *r, const char *name, struct hist *h);

/* Named facts about the machine or a backend, as text; order kept. */
struct facts {
	struct fact {
		char *name, *value;
	} * rows;
	size_t nr;
};

void facts_init(struct facts *f);
void facts_release(struct facts *f);
/* Replaces an earlier value of that name. */
void facts_set(struct facts *f, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
const char *facts_get(const struct facts *f, const char *name);

#endif
