// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/cli/config.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/names.h"
#include "base/inifile.h"

static struct {
	char path[PATH_MAX];
	struct inifile ini;
	char *text; /* NULL: none was read */
} config;

/* --- where ---------------------------------------------------------------------------------- */

static const char *named(int argc, char *const argv[])
{
	static const char option[] = "--config";
	size_t len = sizeof(option) - 1;
	const char *path = getenv("FMBENCH_CONFIG");

	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strncmp(argv[i], option, len) != 0)
			continue;
		if (argv[i][len] == '=')
			path = argv[i] + len + 1;
		else if (!argv[i][len] && i + 1 < argc)
			path = argv[++i];
	}
	return path && *path ? path : NULL;
}

static void usual_path(char *dst, size_t size)
{
	const char *dir = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

	if (dir && *dir)
		snprintf(dst, size, "%s/fmbench/config", dir);
	else
		snprintf(dst, size, "%s/.config/fmbench/config", home ? home : "");
}

/* --- what ----------------------------------------------------------------------------------- */

static int check_section(const struct ini_section *s, const char *const *sections, struct err *err)
{
	for (size_t i = 0; sections[i]; i++) {
		if (strcmp(s->name, sections[i]) == 0)
			return 0;
	}
	err_unknown(err, did_you_mean(s->name, sections), "`fmbench config` shows which there are",
		    "[%s] is no section", s->name);
	err_prefix(err, "%s:%u", config.path, s->line);
	return -EINVAL;
}

static char *as_text(const struct inifile *ini)
{
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < ini->nr_sections; i++) {
		const struct ini_section *s = &ini->sections[i];

		for (size_t j = 0; j < s->nr_entries; j++)
			buf_addf(&b, "%s%s.%s=%s", b.len ? "; " : "", s->name, s->entries[j].key,
				 s->entries[j].value);
	}
	return b.len ? buf_steal(&b) : NULL;
}

int config_load(int argc, char *const argv[], const char *const *sections, struct err *err)
{
	const char *path = named(argc, argv);
	int rc;

	if (path)
		snprintf(config.path, sizeof(config.path), "%s", path);
	else
		usual_path(config.path, sizeof(config.path));
	if (!path && access(config.path, F_OK) != 0)
		return 0;
	if (access(config.path, R_OK) != 0)
		return err_usage(err, "cannot read the defaults file %s: %s", config.path,
				 strerror(errno));
	rc = inifile_read(config.path, &config.ini, err);
	for (size_t i = 0; i < config.ini.nr_sections && !rc; i++)
		rc = check_section(&config.ini.sections[i], sections, err);
	if (!rc)
		config.text = as_text(&config.ini);
	return rc;
}

void config_release(void)
{
	inifile_release(&config.ini);
	free(config.text);
	config.text = NULL;
}

/* No shell has seen the value. */
static char *expand_home(const char *value)
{
	const char *home = getenv("HOME");
	struct buf b = BUF_INIT;

	if (strncmp(value, "~/", 2) == 0 && home) {
		buf_adds(&b, home);
		value++;
	}
	buf_adds(&b, value);
	return buf_steal(&b);
}

static int apply_one(const struct ini_section *s, const struct ini_entry *entry,
		     const struct opt *table, void *base, struct err *err)
{
	char *value = expand_home(entry->value);
	char what[80];
	int rc;

	snprintf(what, sizeof(what), "[%s]", s->name);
	if (opt_same_name(entry->key, "in-lab") || opt_same_name(entry->key, "config"))
		rc = err_usage(err, "%s is for the command line only", entry->key);
	else
		rc = opt_set(table, base, entry->key, value, what, err);
	if (rc)
		err_prefix(err, "%s:%u", config.path, entry->line);
	free(value);
	return rc;
}

int config_apply(const char *section, const struct opt *table, void *base, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < config.ini.nr_sections && !rc; i++) {
		const struct ini_section *s = &config.ini.sections[i];

		for (size_t j = 0; j < s->nr_entries && !rc && strcmp(s->name, section) == 0; j++)
			rc = apply_one(s, &s->entries[j], table, base, err);
	}
	return rc;
}

const char *config_path(void)
{
	return config.path;
}

const char *config_text(void)
{
	return config.text;
}

bool config_has(const char *section, const char *key)
{
	for (size_t i = 0; i < config.ini.nr_sections; i++) {
		const struct ini_section *s = &config.ini.sections[i];

		for (size_t j = 0; j < s->nr_entries && strcmp(s->name, section) == 0; j++) {
			if (opt_same_name(s->entries[j].key, key))
				return true;
		}
	}
	return false;
}
