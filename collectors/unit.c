// SPDX-License-Identifier: GPL-2.0-or-later
#include "collectors/unit.h"

#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "collectors/collector.h"
#include "collectors/keptfile.h"
#include "collectors/keyfile.h"

/* A row of the table, and what its file says. */
struct unit_collector {
	struct unit unit; /* first */
	struct collector row;
	char *file;		    /* with its placeholders */
	bool number;		    /* the file holds one number, not lines "key value" */
	struct collector_key *keys; /* with an alias each: what the file calls it */
};

struct state {
	void *keyfile;	      /* NULL: a number */
	struct keptfile file; /* of a number */
};

static const struct unit_key unit_keys[] = {
	{ .name = "summary", .needed = true },
	{ .name = "requires" },
	{ .name = "scope" },
	{ .name = "file", .needed = true },
	{ .name = "format" },
	{ .name = "key", .many = true },
	{ .name = NULL },
};

static void set_values(struct unit_values *v, const struct collector_ctx *ctx)
{
	unit_values_set(v, "memory_dir", "%s", ctx && ctx->memory_dir ? ctx->memory_dir : "");
	unit_values_set(v, "cpu_dir", "%s", ctx && ctx->cpu_dir ? ctx->cpu_dir : "");
	unit_values_set(v, "swap_device", "%s", ctx && ctx->swap_device ? ctx->swap_device : "");
}

/* --- a run ---------------------------------------------------------------------------------- */

static void unit_close(void *state)
{
	struct state *s = state;

	if (!s)
		return;
	keyfile_free(s->keyfile);
	keptfile_close(&s->file);
	free(s);
}

static int unit_open(const struct collector_ctx *ctx, void **ret_state, struct err *err)
{
	const struct unit_collector *u = (const struct unit_collector *)unit_of_row(ctx->self);
	struct state *s = xcalloc(1, sizeof(*s));
	bool of_group = strstr(u->file, "{memory_dir}");
	struct unit_values values = { 0 };
	struct buf path = BUF_INIT;
	char *copy, *dir;
	int rc;

	s->file = (struct keptfile)KEPTFILE_NONE;
	set_values(&values, ctx);
	rc = unit_expand(u->file, &values, &path, err);
	copy = xstrdup(path.data);
	dir = of_group && !ctx->memory_dir ? NULL : dirname(copy);
	if (!rc && u->number)
		rc = keptfile_open(&s->file, dir, basename(path.data), err);
	else if (!rc)
		rc = keyfile_new(dir, basename(path.data), u->keys, u->row.nr_keys, KEYFILE_ALIASES,
				 &s->keyfile, err);
	unit_values_release(&values);
	buf_release(&path);
	free(copy);
	if (rc)
		unit_close(s);
	else
		*ret_state = s;
	return rc;
}

static int unit_read(void *state, uint64_t *values, bool *have)
{
	struct state *s = state;

	return s->keyfile ? keyfile_read(s->keyfile, values, have)
			  : keptfile_read_u64(&s->file, values, have);
}

/* --- from the file -------------------------------------------------------------------------- */

static int read_scope(struct unit_collector *u, const char *text, struct err *err)
{
	static const struct {
		const char *name;
		enum collector_scope scope;
	} scopes[] = { { "machine", SCOPE_MACHINE },
		       { "job", SCOPE_JOB },
		       { "backend", SCOPE_BACKEND } };

	for (size_t i = 0; i < sizeof(scopes) / sizeof(scopes[0]); i++) {
		if (strcmp(text, scopes[i].name) == 0) {
			u->row.scope = scopes[i].scope;
			return 0;
		}
	}
	return err_usage(err, "scope is machine, job or backend, not '%s'", text);
}

static int read_format(struct unit_collector *u, const char *text, struct err *err)
{
	u->number = strcmp(text, "number") == 0;
	if (u->number || strcmp(text, "keys") == 0)
		return 0;
	return err_usage(err,
			 "format is keys (lines of a key and a number) or number (one alone), not "
			 "'%s'",
			 text);
}

/* UNIT counter|gauge [WHAT THE FILE CALLS IT] */
static int read_key(struct collector_key *k, const struct ini_entry *entry, struct err *err)
{
	char unit[32], kind[16], alias[80];
	int nr = sscanf(entry->value, "%31s %15s %79s", unit, kind, alias);

	if (nr < 2 || (strcmp(kind, "counter") != 0 && strcmp(kind, "gauge") != 0))
		return err_usage(
			err,
			"%s is a unit, then counter or gauge, then what the file calls it, "
			"as in: pages counter pages_in",
			entry->key);
	*k = (struct collector_key){
		.name = xstrdup(strchr(entry->key, '.') + 1),
		.unit = xstrdup(unit),
		.kind = strcmp(kind, "counter") == 0 ? KEY_COUNTER : KEY_GAUGE,
	};
	k->alias = nr == 3 ? xstrdup(alias) : k->name;
	return 0;
}

static int read_keys(struct unit_collector *u, const struct ini_section *s, struct err *err)
{
	const struct ini_entry *entry;
	size_t i = 0;

	u->keys = xcalloc(s->nr_entries + 1, sizeof(*u->keys));
	while ((entry = unit_next(s, "key", &i))) {
		if (read_key(&u->keys[u->row.nr_keys++], entry, err) != 0)
			return unit_fail(u->unit.path, entry->line, err);
	}
	if (!u->row.nr_keys || (u->number && u->row.nr_keys > 1))
		return err_usage(err, "%s:%u: [%s] needs %s line key.NAME = UNIT counter|gauge",
				 u->unit.path, s->line, s->name, u->number ? "one" : "a");
	return 0;
}

static int read_file(struct unit_collector *u, const char *text, struct err *err)
{
	struct unit_values known = { 0 };
	struct buf ignored = BUF_INIT;
	int rc;

	set_values(&known, NULL);
	rc = unit_expand(text, &known, &ignored, err);
	unit_values_release(&known);
	buf_release(&ignored);
	u->file = xstrdup(text);
	if (!rc && text[0] != '/' && text[0] != '{')
		rc = err_usage(err, "file = %s: give the whole path, from / on", text);
	return rc;
}

static int read_rest(struct unit_collector *u, const struct ini_section *s, struct err *err)
{
	const struct {
		const char *key;
		int (*read)(struct unit_collector *u, const char *text, struct err *err);
	} rows[] = { { "scope", read_scope }, { "format", read_format }, { "file", read_file } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *text = unit_text(s, rows[i].key);

		if (text && rows[i].read(u, text, err) != 0)
			return unit_fail(u->unit.path, unit_line(s, rows[i].key), err);
	}
	return read_keys(u, s, err);
}

int collector_unit_read(const char *name, const char *path, const struct ini_section *s,
			struct err *err)
{
	struct unit_collector *u = xcalloc(1, sizeof(*u));
	int rc;

	rc = unit_read_head(&u->unit, "collector", name, path, s, unit_keys, err);
	if (!rc)
		rc = read_rest(u, s, err);
	if (rc)
		return rc;
	u->row.name = u->unit.name;
	u->row.summary = u->unit.summary;
	u->row.of_run = strstr(u->file, "_dir}") || strstr(u->file, "{swap_device}");
	u->row.keys = u->keys;
	u->row.open = unit_open;
	u->row.read = unit_read;
	u->row.close = unit_close;
	unit_add(&u->unit, &u->row);
	collector_add(&u->row);
	return 0;
}
