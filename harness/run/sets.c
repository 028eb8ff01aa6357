// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/sets.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/sysfile.h"
#include "harness/run/recover.h"

#define PROC_SYS	 "/proc/sys/"
#define SYS_MM		 "/sys/kernel/mm/"
#define MAX_PAGE_CLUSTER 10 /* 4 MiB at once: more is surely a mistake */

/* The part of a full path that a name stands for, and what the name begins with. NULL: not ours. */
static const char *below(const char *path, const char **ret_prefix)
{
	*ret_prefix = "";
	if (strncmp(path, PROC_SYS, strlen(PROC_SYS)) == 0)
		return path + strlen(PROC_SYS);
	*ret_prefix = "mm.";
	return strncmp(path, SYS_MM, strlen(SYS_MM)) == 0 ? path + strlen(SYS_MM) : NULL;
}

static void exchange(char *text, char from, char to)
{
	for (; *text; text++) {
		if (*text == from)
			*text = to;
	}
}

/* A component that is empty, or "..", leads elsewhere. */
static bool is_plain(const char *path)
{
	return *path && *path != '/' && path[strlen(path) - 1] != '/' && !strstr(path, "//") &&
	       !strstr(path, "..");
}

/* file: as typed. As sysctl(8), a name with slashes may have dots in a component. */
static int find_file(const char *file, struct set *set, struct err *err)
{
	const char *rest = file, *prefix = strncmp(file, "mm.", 3) == 0 ? "mm." : "";
	struct buf name = BUF_INIT, path = BUF_INIT;
	char *inner;

	if (*file == '/')
		rest = below(file, &prefix);
	else
		rest += strlen(prefix);
	inner = xstrdup(rest ? rest : "");
	if (*file != '/' && !strchr(rest, '/'))
		exchange(inner, '.', '/');
	if (!is_plain(inner)) {
		free(inner);
		return err_usage(err,
				 "set '%s': name a file below /proc/sys, such as vm.swappiness, or "
				 "below /sys/kernel/mm, such as mm.lru_gen.enabled",
				 file);
	}
	buf_addf(&path, "%s%s", *prefix ? SYS_MM : PROC_SYS, inner);
	if (!strchr(inner, '.'))
		exchange(inner, '/', '.');
	buf_addf(&name, "%s%s", prefix, inner);
	set->path = buf_steal(&path);
	set->name = buf_steal(&name);
	free(inner);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct set *)a)->name, ((const struct set *)b)->name);
}

static int add(struct sets *sets, const char *file, const char *value, struct err *err)
{
	struct set set = { 0 };
	int rc = find_file(file, &set, err);

	if (rc)
		return rc;
	set.value = xstrdup(value);
	sets->rows = xreallocarray(sets->rows, sets->nr + 1, sizeof(*sets->rows));
	sets->rows[sets->nr++] = set;
	return 0;
}

/* One line "FILE=VALUE" a set. */
static int add_lines(struct sets *sets, const char *lines, struct err *err)
{
	char *copy = xstrdup(lines), *rest = copy, *line, *equals;
	int rc = 0;

	while (!rc && (line = strsep(&rest, "\n"))) {
		equals = strchr(line, '=');
		if (!equals || !equals[1]) {
			rc = err_usage(err, "set '%s': give FILE=VALUE, as in vm.swappiness=10",
				       line);
			break;
		}
		*equals = '\0';
		rc = add(sets, line, equals + 1, err);
	}
	free(copy);
	return rc;
}

static int add_page_cluster(struct sets *sets, const char *value, struct err *err)
{
	uint64_t n;

	if (parse_u64(value, &n) != 0 || n > MAX_PAGE_CLUSTER)
		return err_usage(err, "page-cluster '%s' is not a number from 0 to %d", value,
				 MAX_PAGE_CLUSTER);
	return add(sets, "vm.page-cluster", value, err);
}

int sets_of(const struct run_settings *settings, struct sets *ret, struct err *err)
{
	struct sets sets = { 0 };
	int rc = 0;

	if (settings->set)
		rc = add_lines(&sets, settings->set, err);
	if (!rc && settings->page_cluster)
		rc = add_page_cluster(&sets, settings->page_cluster, err);
	if (sets.nr)
		qsort(sets.rows, sets.nr, sizeof(*sets.rows), by_name);
	for (size_t i = 1; i < sets.nr && !rc; i++) {
		if (strcmp(sets.rows[i].path, sets.rows[i - 1].path) == 0)
			rc = err_usage(err, "%s is set twice", sets.rows[i].name);
	}
	if (rc)
		sets_release(&sets);
	*ret = sets;
	return rc;
}

void sets_release(struct sets *sets)
{
	for (size_t i = 0; i < sets->nr; i++) {
		free(sets->rows[i].name);
		free(sets->rows[i].path);
		free(sets->rows[i].value);
	}
	free(sets->rows);
	*sets = (struct sets){ 0 };
}

static int check_one(const struct set *set, struct err *err)
{
	char path[PATH_MAX];
	int rc = sysfile_path(path, sizeof(path), set->path);

	if (rc)
		return err_usage(err, "set %s: the name is too long", set->name);
	if (access(path, F_OK) != 0)
		return err_missing(err, "cannot set %s: there is no %s in this kernel", set->name,
				   set->path);
	if (access(path, W_OK) != 0)
		return err_missing(err, "cannot set %s: no permission to write %s; run as root",
				   set->name, set->path);
	return 0;
}

int sets_check(const struct run_settings *settings, struct err *err)
{
	struct sets sets;
	int rc = sets_of(settings, &sets, err);

	for (size_t i = 0; i < sets.nr && !rc; i++)
		rc = check_one(&sets.rows[i], err);
	sets_release(&sets);
	return rc;
}

/* Twice: the second time what is written back is the value that stays. */
static int try_one(const struct set *set, struct journal *j, struct err *err)
{
	char old[256];
	int rc = sysfile_read_choice(set->path, old, sizeof(old));

	if (rc)
		return err_usage(err,
				 "cannot set %s: %s can't be read (%s), so nothing could be "
				 "restored",
				 set->name, set->path, strerror(-rc));
	rc = sysfile_write(set->path, old, err);
	if (rc)
		return err_usage(err, "cannot set %s: %s takes its own value '%s' not back (%s)",
				 set->name, set->path, old, strerror(-rc));
	rc = journal_write(j, set->path, set->value, err);
	if (rc)
		return err_usage(err, "cannot set %s to '%s': the kernel refuses it (%s)",
				 set->name, set->value, strerror(-rc));
	return 0;
}

int sets_try(const struct run_settings *settings, const char *state_dir, struct err *err)
{
	struct err undo_err = { 0 };
	char dir[PATH_MAX];
	struct journal *j;
	struct sets sets;
	int undo_rc, rc = sets_of(settings, &sets, err);

	if (rc || !sets.nr)
		return rc;
	recover_journal_dir(state_dir, dir, sizeof(dir));
	rc = journal_create(dir, "set-try", recover_ops, &j, err);
	if (rc)
		goto out;
	for (size_t i = 0; i < sets.nr && !rc; i++)
		rc = try_one(&sets.rows[i], j, err);
	undo_rc = journal_undo_to(j, 0, &undo_err);
	journal_free(j);
	if (undo_rc && !rc) {
		*err = undo_err;
		rc = undo_rc;
	}
out:
	sets_release(&sets);
	return rc;
}

int sets_apply(const struct run_settings *settings, struct journal *j, struct facts *facts,
	       struct err *err)
{
	char name[128], value[256];
	struct sets sets;
	int rc = sets_of(settings, &sets, err);

	for (size_t i = 0; i < sets.nr && !rc; i++) {
		const struct set *set = &sets.rows[i];

		rc = journal_write(j, set->path, set->value, err);
		snprintf(name, sizeof(name), "set.%s", set->name);
		if (!rc && sysfile_read_choice(set->path, value, sizeof(value)) == 0)
			facts_set(facts, name, "%s", value);
	}
	sets_release(&sets);
	return rc;
}

void sets_json(const struct run_settings *settings, struct buf *b)
{
	struct buf key = BUF_INIT;
	struct sets sets;

	if (sets_of(settings, &sets, NULL) != 0)
		return; /* refused before a run is made */
	for (size_t i = 0; i < sets.nr; i++) {
		buf_reset(&key);
		buf_addf(&key, "set.%s", sets.rows[i].name);
		buf_adds(b, ",");
		buf_add_json(b, key.data);
		buf_adds(b, ":");
		buf_add_json(b, sets.rows[i].value);
	}
	buf_release(&key);
	sets_release(&sets);
}
