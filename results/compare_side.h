/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One side of a comparison, from its selector to its runs. For results/compare*.c alone. */
#ifndef RESULTS_COMPARE_SIDE_H
#define RESULTS_COMPARE_SIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "results/store.h"

struct compare_side {
	const char *name, *selector; /* "A" */
	struct buf terms;	     /* JSON: [["backend",["zram"]],["memory",["48M",50331648]]] */
	int64_t *runs;		     /* those that count, ascending */
	size_t nr_runs;
	struct buf left_out; /* a line for each that does not, and why */
};

#define COMPARE_SIDE_INIT(name, selector)                                                          \
	{                                                                                          \
		name, selector, BUF_INIT, NULL, 0, BUF_INIT                                        \
	}

int compare_side_select(struct compare_side *side, struct store *s, bool untrusted,
			struct err *err);
void compare_side_release(struct compare_side *side);
/* The runs as a JSON array. */
void compare_side_json(const struct compare_side *side, struct buf *json);

/* ERR_USAGE, naming what differs, unless each side is of one kind and they may be compared. */
int compare_sides_check(struct store *s, const struct compare_side *a, const struct compare_side *b,
			struct err *err);

/*
 * A common table expression of everything that a run is known by: property(run, source, key,
 * value), flags as 1 and 0. Labels tell runs of one kind apart and are never compared.
 */
#define COMPARE_PROPERTY                                                                           \
	"property (run, source, key, value) AS MATERIALIZED (SELECT run, source, key,"             \
	"  ifnull(value, 'null') FROM ("                                                           \
	" SELECT r.id AS run, 'label' AS source, j.key, j.value FROM run r,"                       \
	"  json_each(json_object('run', r.id, 'experiment', experiment, 'repeat', repeat,"         \
	"   'version', version)) j"                                                                \
	" UNION ALL SELECT r.id, 'run', j.key, j.value FROM run r,"                                \
	"  json_each(json_object('workload', workload, 'backend', backend, 'ratio', ratio,"        \
	"   'limit', limit_bytes)) j"                                                              \
	" UNION ALL SELECT r.id, 'setting', j.key, j.value FROM run r, json_each(run_params) j"    \
	" UNION ALL SELECT r.id, 'workload', j.key, j.value FROM run r,"                           \
	"  json_each(workload_params) j"                                                           \
	" UNION ALL SELECT r.id, 'backend', r.backend || '.' || j.key, j.value FROM run r,"        \
	"  json_each(backend_params) j"                                                            \
	" UNION ALL SELECT r.id, 'machine', replace(j.key, 'host', 'machine'), j.value"            \
	"  FROM run r JOIN machine m ON m.id = r.machine, json_each(m.facts) j"                    \
	" UNION ALL SELECT r.id, 'fact', j.key, j.value FROM run r, json_each(r.facts) j"          \
	" ))"

/* Does term t of a selector name property p? '_' and '-' are the same, a backend's name may be left
 * out. */
#define COMPARE_SAME_KEY                                                                           \
	"(replace(p.key, '_', '-') = replace(t.value ->> 0, '_', '-')"                             \
	" OR p.source = 'backend' AND substr(p.key, instr(p.key, '.') + 1) = t.value ->> 0)"

#endif
