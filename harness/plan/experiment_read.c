// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <string.h>

#include "base/inifile.h"
#include "harness/plan/cells.h"
#include "harness/plan/experiment.h"
#include "harness/plan/scale.h"
#include "harness/plan/section.h"
#include "plots/figure.h"

static int check_name(const char *name, struct err *err)
{
	const char *c = name;

	while (isalnum((unsigned char)*c) || (*c && strchr("._-", *c) && c != name))
		c++;
	if (*c || strlen(name) > 100)
		return err_usage(err,
				 "name '%s' is no name for files: letters, digits, '.', '_' "
				 "and '-' make one",
				 name);
	return 0;
}

static int read_head_entry(struct experiment *e, const struct ini_entry *entry, struct err *err)
{
	static const char *const none[] = { NULL };
	int rc;

	if (!opt_find(experiment_opts, entry->key))
		return section_setting(entry->key)
			       ? 0
			       : section_unknown_key("experiment", entry->key, experiment_opts,
						     none, err);
	rc = opt_set(experiment_opts, e, entry->key, entry->value, "experiment", err);
	if (!rc && e->name && opt_same_name(entry->key, "name"))
		rc = check_name(e->name, err);
	if (!rc && e->figure && opt_same_name(entry->key, "figure") && !figure_find(e->figure, err))
		rc = -EINVAL;
	return rc;
}

static int read_head(struct experiment *e, const char *path, const struct ini_section *s,
		     struct err *err)
{
	opt_defaults(experiment_opts, e);
	for (size_t i = 0; i < s->nr_entries; i++) {
		if (read_head_entry(e, &s->entries[i], err) != 0)
			return section_fail_at(path, s->entries[i].line, err);
	}
	if (!e->name)
		return err_usage(err, "%s:%u: [experiment] has no name; its runs are found by it",
				 path, s->line);
	return 0;
}

int experiment_read(const char *path, const char *scale, struct experiment *e, struct err *err)
{
	const struct ini_section *head;
	struct inifile ini;
	int rc;

	memset(e, 0, sizeof(*e));
	e->scale = scale ? scale : scale_default();
	rc = inifile_read(path, &ini, err);
	if (!rc)
		rc = scale_apply(&ini, path, e->scale, err);
	if (!rc && (!ini.nr_sections || strcmp(ini.sections[0].name, "experiment") != 0))
		rc = err_usage(err, "%s:%u: an experiment begins with [experiment]", path,
			       ini.nr_sections ? ini.sections[0].line : 1);
	if (rc)
		goto out;
	head = &ini.sections[0];
	rc = read_head(e, path, head, err);
	if (!rc && ini.nr_sections == 1)
		rc = err_usage(err,
			       "%s:%u: there is nothing to run; add [run WORKLOAD] or "
			       "[micro NAME]",
			       path, head->line);
	for (size_t i = 1; i < ini.nr_sections && !rc; i++) {
		struct section s = { .e = e, .path = path, .ini = &ini.sections[i] };

		rc = section_read(&s, head, err);
		if (!rc)
			rc = cells_of_section(&s, err);
		section_release(&s);
	}
out:
	inifile_release(&ini);
	return rc;
}
