// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/plan/cells.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "harness/run/sets.h"

/* The value whose turn it is. */
static int set_value(const struct axis *axis, void *values, const char *what, struct err *err)
{
	const char *file = section_set_file(axis->entry->key),
		   *value = axis->values.items[axis->at];
	struct buf pair = BUF_INIT;
	int rc;

	if (!file)
		return opt_set(axis->opts, values, axis->opt->name, value, what, err);
	buf_addf(&pair, "%s=%s", file, value);
	rc = opt_set(axis->opts, values, axis->opt->name, pair.data, what, err);
	buf_release(&pair);
	return rc;
}

static int check_sets(const struct settings *settings, struct err *err)
{
	struct sets sets;
	int rc = sets_of(&settings->run, &sets, err);

	sets_release(&sets);
	return rc;
}

/* An option that is given again and again takes all items of its list at once. */
static bool takes_all(const struct axis *axis)
{
	return axis->opt && axis->opt->lines && !section_set_file(axis->entry->key);
}

static int set_values(struct axis axis, void *values, const char *what, struct err *err)
{
	size_t end = takes_all(&axis) ? axis.values.nr : axis.at + 1;
	int rc = 0;

	for (; axis.at < end && !rc; axis.at++)
		rc = set_value(&axis, values, what, err);
	return rc;
}

/* What these axes say at their turn, of one table of options. */
static int make_set(struct section *s, const struct opt *opts, size_t size, const char *what,
		    const void **ret, struct err *err)
{
	void *values = xcalloc(1, size + 1); /* + 1: a size may be 0 */
	int rc = 0;

	opt_defaults(opts, values);
	if (opts == setting_opts)
		opt_set(opts, values, "experiment", s->e->name, what, err);
	for (size_t i = 0; i < s->nr_axes && !rc; i++) {
		const struct axis *axis = &s->axes[i];

		if (!opts || axis->opts != opts)
			continue;
		rc = set_values(*axis, values, what, err);
		if (!rc && section_set_file(axis->entry->key))
			rc = check_sets(values, err);
		if (rc)
			section_fail_at(s->path, axis->entry->line, err);
	}
	if (rc) {
		opt_release(opts, values);
		free(values);
		return rc;
	}
	*ret = experiment_keep_set(s->e, opts, values);
	return 0;
}

/* What varies in this section, beside ratio and backend: "value-size=1K threads=2". */
static const char *keep_label(struct section *s, const struct backend *b)
{
	struct buf label = BUF_INIT;

	buf_adds(&label, "");
	for (size_t i = 0; i < s->nr_axes; i++) {
		const struct axis *axis = &s->axes[i];

		if (axis->values.nr > 1 && !takes_all(axis) &&
		    (!axis->backend || axis->backend == b))
			buf_addf(&label, "%s%s=%s", label.len ? " " : "", axis->entry->key,
				 axis->values.items[axis->at]);
	}
	return experiment_keep_label(s->e, buf_steal(&label));
}

static int add_cells(struct section *s, const struct backend *b, struct err *err)
{
	struct cell cell = { .workload = s->unit, .backend = b };
	const void *settings;
	char what[96];
	int rc;

	snprintf(what, sizeof(what), "%s %s", s->micro ? "micro" : "workload", s->unit->name);
	rc = make_set(s, s->unit->opts, s->unit->params_size, what, &cell.workload_params, err);
	if (!rc)
		rc = make_set(s, setting_opts, sizeof(struct settings), "[experiment]", &settings,
			      err);
	snprintf(what, sizeof(what), "backend %s", b->name);
	if (!rc)
		rc = make_set(s, b->opts, b->params_size, what, &cell.backend_params, err);
	if (rc)
		return rc;
	cell.settings = &((const struct settings *)settings)->run;
	for (size_t i = 0; i < s->nr_axes; i++) {
		if (!s->axes[i].opt)
			cell.argv = experiment_keep_command(s->e,
							    s->axes[i].values.items[s->axes[i].at]);
	}
	cell.label = keep_label(s, b);
	for (size_t r = 0; r < s->ratios.nr && !rc; r++) {
		cell.ratio = s->ratios.values[r];
		rc = experiment_add(s->e, &cell, err);
	}
	return rc ? section_fail_at(s->path, s->ini->line, err) : 0;
}

/* The next combination of the axes that matter to this backend, the last axis fastest. */
static bool step(struct section *s, const struct backend *b)
{
	for (size_t i = s->nr_axes; i-- > 0;) {
		struct axis *axis = &s->axes[i];

		if ((axis->backend && axis->backend != b) || takes_all(axis))
			continue;
		if (++axis->at < axis->values.nr)
			return true;
		axis->at = 0;
	}
	return false;
}

int cells_of_section(struct section *s, struct err *err)
{
	int rc = 0;

	for (size_t b = 0; b < s->nr_backends && !rc; b++) {
		do
			rc = add_cells(s, s->backends[b], err);
		while (!rc && step(s, s->backends[b]));
	}
	return rc;
}
