// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/plan/section.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/names.h"
#include "harness/run/run_opts.h"
#include "micro/micro.h"

#define MAX_NAMES 128

const struct opt setting_opts[] = { RUN_SETTINGS_OPTS(struct settings, run), OPT_END };

int section_fail_at(const char *path, unsigned int line, struct err *err)
{
	err_prefix(err, "%s:%u", path, line);
	err->kind = ERR_USAGE;
	return -EINVAL;
}

/* --- keys ----------------------------------------------------------------------------------- */

const char *section_set_file(const char *key)
{
	return strncmp(key, "set.", 4) == 0 ? key + 4 : NULL;
}

const struct opt *section_setting(const char *key)
{
	if (section_set_file(key))
		return opt_find(setting_opts, "set");
	if (opt_same_name("experiment", key) || opt_same_name("set", key))
		return NULL;
	return opt_find(setting_opts, key);
}

static void add_names(const struct opt *opts, const char **names, size_t *nr)
{
	for_each_opt (o, opts) {
		if (*nr < MAX_NAMES - 1 && strcmp(o->name, "experiment") != 0)
			names[(*nr)++] = o->name;
	}
	names[*nr] = NULL;
}

int section_unknown_key(const char *where, const char *key, const struct opt *opts,
			const char *const *more, struct err *err)
{
	const char *names[MAX_NAMES];
	size_t nr = 0;

	for (; *more; more++)
		names[nr++] = *more;
	add_names(opts, names, &nr);
	add_names(setting_opts, names, &nr);
	return err_unknown(err, did_you_mean(key, names), "see experiments/README.md",
			   "[%s] has no '%s'", where, key);
}

/* --- the axes of a [run] or [micro] section -------------------------------------------------- */

static void add_axis(struct section *s, const struct axis *axis)
{
	s->axes = xreallocarray(s->axes, s->nr_axes + 1, sizeof(*s->axes));
	s->axes[s->nr_axes++] = *axis;
}

static int find_unit(struct section *s, struct err *err)
{
	const char *name = s->ini->name;

	if (strncmp(name, "run ", 4) == 0) {
		s->unit = workload_find(name + 4, err);
	} else if (strncmp(name, "micro ", 6) == 0) {
		s->micro = true;
		s->unit = micro_find(name + 6, err);
	} else {
		err_usage(err,
			  "[%s] is no section; there are [experiment], [run WORKLOAD] and "
			  "[micro NAME]",
			  name);
	}
	return s->unit ? 0 : -EINVAL;
}

static int read_ratios(struct section *s, struct err *err)
{
	const struct ini_entry *entry = ini_section_find(s->ini, "ratio");
	struct words words = { 0 };
	double ratio;
	int rc = 0;

	if (!entry) {
		ratios_add(&s->ratios, 1);
		return 0;
	}
	if (s->unit->shape == WORKLOAD_LOOP)
		rc = err_usage(err,
			       "micro %s sets its limit itself (local = SIZE): leave out ratio",
			       s->unit->name);
	else
		rc = words_parse(entry, &words, err);
	for (size_t i = 0; i < words.nr && !rc; i++) {
		rc = ratio_parse(words.items[i], &ratio, err);
		if (!rc)
			ratios_add(&s->ratios, ratio);
	}
	words_release(&words);
	return rc ? section_fail_at(s->path, entry->line, err) : 0;
}

static bool needs_far(const struct section *s)
{
	bool far = s->unit->limit;

	for (size_t i = 0; i < s->ratios.nr; i++)
		far |= s->ratios.values[i] < 1;
	return far;
}

/* An experiment that takes whatever backend there is could not be repeated: it names them. */
static int read_backends(struct section *s, struct err *err)
{
	const struct ini_entry *entry = ini_section_find(s->ini, "backend");
	struct words names = { 0 };
	int rc = 0;

	if (entry)
		rc = words_parse(entry, &names, err);
	else if (needs_far(s))
		return err_usage(err,
				 "%s:%u: [%s] takes memory away, but has no backend for it: "
				 "add one such as backend = zram",
				 s->path, s->ini->line, s->ini->name);
	else
		words_add(&names, backend_none.name, strlen(backend_none.name));
	s->backends = xcalloc(names.nr + 1, sizeof(*s->backends));
	for (size_t i = 0; i < names.nr && !rc; i++) {
		const struct backend *b = backend_find(names.items[i], err);

		if (b)
			s->backends[s->nr_backends++] = b;
		else
			rc = -EINVAL;
	}
	words_release(&names);
	return rc && entry ? section_fail_at(s->path, entry->line, err) : rc;
}

static const struct backend *backend_of_key(const struct section *s, const char *key)
{
	for (size_t i = 0; i < s->nr_backends; i++) {
		if (backend_key(s->backends[i], key))
			return s->backends[i];
	}
	return NULL;
}

/* Whose key is it? The unit's own option goes before a setting of the same name. */
static int resolve(const struct section *s, struct axis *axis, struct err *err)
{
	static const char *const more[] = { "ratio", "backend", "cores", "command", NULL };
	const char *key = axis->entry->key;

	axis->backend = backend_of_key(s, key);
	if (axis->backend) {
		key = backend_key(axis->backend, key);
		axis->opts = axis->backend->opts;
		axis->opt = opt_find(axis->opts, key);
		if (axis->opt && axis->opt->type == OPT_T_SECRET)
			return opt_refuse_secret(axis->opt, axis->backend->name, err);
		return axis->opt ? 0
				 : err_usage(err,
					     "backend %s has no '%s'; `fmbench list backends -v`",
					     axis->backend->name, key);
	}
	if (strchr(key, '.') && !section_set_file(key))
		return err_usage(err, "'%s': no such backend in this section", key);
	if (s->unit == &workload_command && opt_same_name(key, "command"))
		return 0;
	axis->opts = s->unit->opts;
	axis->opt = opt_find(axis->opts, s->micro && opt_same_name(key, "cores") ? "threads" : key);
	if (axis->opt)
		return 0;
	axis->opts = setting_opts;
	axis->opt = section_setting(key);
	return axis->opt ? 0 : section_unknown_key(s->ini->name, key, s->unit->opts, more, err);
}

static int read_axis(struct section *s, const struct ini_entry *entry, struct err *err)
{
	struct axis axis = { .entry = entry };
	int rc = resolve(s, &axis, err);

	if (!rc)
		rc = words_parse(entry, &axis.values, err);
	if (!rc && s->micro && opt_same_name(entry->key, "cores"))
		rc = words_expand_ranges(&axis.values, err);
	if (rc) {
		words_release(&axis.values);
		return section_fail_at(s->path, entry->line, err);
	}
	add_axis(s, &axis);
	return 0;
}

/* Has the section the key itself? */
static bool has_axis(const struct section *s, const struct axis *axis)
{
	for (size_t i = 0; i < s->nr_axes; i++) {
		if (s->axes[i].opt == axis->opt &&
		    (!section_set_file(axis->entry->key) ||
		     opt_same_name(s->axes[i].entry->key, axis->entry->key)))
			return true;
	}
	return false;
}

/* Settings of [experiment] hold for every section that does not set them itself. */
static int read_axes(struct section *s, const struct ini_section *head, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < s->ini->nr_entries && !rc; i++) {
		const struct ini_entry *entry = &s->ini->entries[i];

		if (!opt_same_name(entry->key, "ratio") && !opt_same_name(entry->key, "backend"))
			rc = read_axis(s, entry, err);
	}
	for (size_t i = 0; i < head->nr_entries && !rc; i++) {
		struct axis axis = { .entry = &head->entries[i],
				     .opts = setting_opts,
				     .opt = section_setting(head->entries[i].key) };

		if (!axis.opt || opt_find(experiment_opts, axis.entry->key) || has_axis(s, &axis))
			continue;
		rc = words_parse(axis.entry, &axis.values, err);
		if (rc)
			section_fail_at(s->path, axis.entry->line, err);
		add_axis(s, &axis);
	}
	return rc;
}

int section_read(struct section *s, const struct ini_section *head, struct err *err)
{
	int rc = find_unit(s, err);

	if (rc)
		return section_fail_at(s->path, s->ini->line, err);
	rc = read_ratios(s, err);
	if (!rc)
		rc = read_backends(s, err);
	if (!rc)
		rc = read_axes(s, head, err);
	if (!rc && s->unit == &workload_command && !ini_section_find(s->ini, "command"))
		rc = err_usage(err, "%s:%u: which command? Add command = \"...\"", s->path,
			       s->ini->line);
	return rc;
}

void section_release(struct section *s)
{
	for (size_t i = 0; i < s->nr_axes; i++)
		words_release(&s->axes[i].values);
	free(s->axes);
	free(s->backends);
	ratios_release(&s->ratios);
}
