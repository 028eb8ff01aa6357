// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/units.h"

#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "backend/backend.h"
#include "backend/unit.h"
#include "base/alloc.h"
#include "base/names.h"
#include "base/process.h"
#include "collectors/collector.h"
#include "collectors/unit.h"
#include "micro/micro.h"
#include "workloads/unit.h"
#include "workloads/workload.h"

/* Every row of a table begins with its name. */
static bool in_table(const void *table, const char *name)
{
	for (const char *const *const *row = table; *row; row++) {
		if (strcmp(**row, name) == 0)
			return true;
	}
	return false;
}

static bool has_workload(const char *name)
{
	return in_table(workload_table, name) || in_table(micro_table, name);
}

static bool has_backend(const char *name)
{
	return in_table(backend_table, name);
}

static bool has_collector(const char *name)
{
	return in_table(collector_table, name);
}

static const struct kind {
	const char *name;
	bool (*has)(const char *name);
	int (*read)(const char *name, const char *path, const struct ini_section *s,
		    struct err *err);
} kinds[] = {
	{ "workload", has_workload, workload_unit_read },
	{ "backend", has_backend, backend_unit_read },
	{ "collector", has_collector, collector_unit_read },
};
#define NR_KINDS (sizeof(kinds) / sizeof(kinds[0]))

static const struct unit *find_unit(const char *kind, const char *name)
{
	for (size_t i = 0; i < nr_units; i++) {
		if ((!kind || strcmp(units_all[i]->kind, kind) == 0) &&
		    strcmp(units_all[i]->name, name) == 0)
			return units_all[i];
	}
	return NULL;
}

static int refuse_taken(const struct kind *k, const char *name, const char *path, unsigned int line,
			struct err *err)
{
	const struct unit *other = find_unit(k->name, name);

	if (other)
		return err_usage(err,
				 "%s:%u: the name '%s' is taken by the %s of %s:%u; choose another",
				 path, line, name, k->name, other->path, other->line);
	return err_usage(err,
			 "%s:%u: the name '%s' is taken by a %s of fmbench's own; choose another",
			 path, line, name, k->name);
}

static int read_section(const char *path, const struct ini_section *s, struct err *err)
{
	const char *blank = strchr(s->name, ' ');
	const char *name = blank ? blank + 1 + strspn(blank + 1, " ") : "";

	for (size_t i = 0; i < NR_KINDS; i++) {
		const struct kind *k = &kinds[i];
		size_t len = strlen(k->name);

		if (!blank || (size_t)(blank - s->name) != len ||
		    strncmp(s->name, k->name, len) != 0)
			continue;
		if (k->has(name))
			return refuse_taken(k, name, path, s->line, err);
		return k->read(name, path, s, err);
	}
	return err_usage(err,
			 "%s:%u: [%s] is no section of a unit's file; there are [workload NAME], "
			 "[backend NAME] and [collector NAME]",
			 path, s->line, s->name);
}

static int read_file(const char *path, struct err *err)
{
	struct inifile ini;
	int rc = inifile_read(path, &ini, err);

	for (size_t i = 0; i < ini.nr_sections && !rc; i++)
		rc = read_section(path, &ini.sections[i], err);
	inifile_release(&ini);
	return rc;
}

/* needed: somebody named it, so that it must be there. */
static int read_dir(const char *dir, bool needed, struct err *err)
{
	char pattern[PATH_MAX];
	struct stat st;
	glob_t found;
	int rc = 0;

	if (needed && (stat(dir, &st) != 0 || !S_ISDIR(st.st_mode)))
		return err_usage(err, "no directory '%s' to read units from", dir);
	snprintf(pattern, sizeof(pattern), "%s/*.ini", dir);
	if (glob(pattern, 0, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc && !rc; i++)
			rc = read_file(found.gl_pathv[i], err);
	}
	globfree(&found);
	return rc;
}

/* Beside the program: build/fmbench in a tree, bin/fmbench where it is installed. */
static int read_own(struct err *err)
{
	static const char *const dirs[] = { "../units", "../share/fmbench/units" };
	char dir[PATH_MAX], external[PATH_MAX + 16];
	struct stat st;

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		char real[PATH_MAX];
		int rc;

		if (process_beside(dir, sizeof(dir), dirs[i]) != 0 || !realpath(dir, real) ||
		    stat(real, &st) != 0)
			continue;
		rc = read_dir(real, false, err);
		snprintf(external, sizeof(external), "%s/external", real);
		return rc ? rc : read_dir(external, false, err);
	}
	return 0;
}

static int read_home(struct err *err)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	char dir[PATH_MAX];

	if (config && *config)
		snprintf(dir, sizeof(dir), "%s/fmbench/units", config);
	else if (home && *home)
		snprintf(dir, sizeof(dir), "%s/.config/fmbench/units", home);
	else
		return 0;
	return read_dir(dir, false, err);
}

static int read_listed(const char *list, struct err *err)
{
	char *copy = xstrdup(list ? list : ""), *rest = copy, *dir;
	int rc = 0;

	while (!rc && (dir = strsep(&rest, ":"))) {
		if (*dir)
			rc = read_dir(dir, true, err);
	}
	free(copy);
	if (rc && err)
		err->kind = ERR_USAGE;
	return rc;
}

/* --- what units need of each other ---------------------------------------------------------- */

static bool has_need(const struct unit_needs *n, const char *program)
{
	for (size_t i = 0; i < n->nr; i++) {
		if (strcmp(n->rows[i].program, program) == 0)
			return true;
	}
	return false;
}

static void add_needs(struct unit_needs *to, const struct unit_needs *from)
{
	for (size_t i = 0; i < from->nr; i++) {
		const struct unit_need *need = &from->rows[i];

		if (has_need(to, need->program))
			continue;
		to->rows = xreallocarray(to->rows, to->nr + 1, sizeof(*to->rows));
		to->rows[to->nr++] =
			(struct unit_need){ xstrdup(need->program), xstrdup(need->package) };
	}
}

/* way: the names so far, for the sentence about a cycle. */
static int follow(struct unit *of, const struct unit *at, const char *way, size_t depth,
		  struct err *err)
{
	for (size_t i = 0; i < at->needs.nr_units; i++) {
		const char *name = at->needs.units[i];
		const struct unit *next = find_unit(NULL, name);
		struct buf longer = BUF_INIT;
		int rc;

		if (!next)
			return err_usage(err,
					 "%s:%u: %s requires unit:%s, and no file has a unit of "
					 "that name",
					 at->path, at->line, at->name, name);
		buf_addf(&longer, "%s -> %s", way, name);
		if (next == of || depth > nr_units)
			rc = err_usage(err, "%s:%u: units require each other in a circle: %s",
				       of->path, of->line, longer.data);
		else
			rc = follow(of, next, longer.data, depth + 1, err);
		buf_release(&longer);
		if (rc)
			return rc;
		add_needs(&of->needs, &next->needs);
	}
	return 0;
}

int units_load(const char *dir, struct err *err)
{
	static bool loaded;
	int rc;

	if (loaded)
		return 0;
	loaded = true;
	rc = read_own(err);
	if (!rc)
		rc = read_home(err);
	if (!rc)
		rc = read_listed(getenv("FMBENCH_UNITS"), err);
	if (!rc && dir)
		rc = read_dir(dir, true, err);
	for (size_t i = 0; i < nr_units && !rc; i++)
		rc = follow(units_all[i], units_all[i], units_all[i]->name, 0, err);
	return rc;
}
