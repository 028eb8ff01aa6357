// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/unit.h"

#include <glob.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/backend.h"
#include "backend/swap_areas.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/extract.h"
#include "base/sysfile.h"
#include "base/unit_command.h"

#define LOOK_NS	   (10 * NSEC_PER_SEC) /* facts, health, limit */
#define TIMEOUT_NS (120 * NSEC_PER_SEC)
#define MAX_USAGE  16
#define NR(rows)   (sizeof(rows) / sizeof((rows)[0]))

/* A row of the table, and what its file says. */
struct unit_backend {
	struct unit unit; /* first */
	struct backend row;
	struct unit_command up, down, health, facts, limit;
	char *local_file, *local_key; /* how much is local; goes with limit */
	char *swap_device;
	char *by_hand; /* why fmbench doesn't drive it, and how a person does */
	char *needs;   /* for the sentence where it is not here */
	regex_t kernel;
	bool has_kernel;
	char *signs; /* files that tell it is here */
	uint64_t timeout_ns;
	struct backend_usage usage[MAX_USAGE + 1];
	struct unit_env {
		char *name, *value;
	} * env;
	size_t nr_env;
	struct facts about; /* what the file says to a reader */
};

static const struct unit_key keys[] = {
	{ .name = "summary", .needed = true },
	{ .name = "requires" },
	{ .name = "caps", .needed = true },
	{ .name = "kernel" },
	{ .name = "signs" },
	{ .name = "needs" },
	{ .name = "by-hand" },
	{ .name = "shell" },
	{ .name = "user" },
	{ .name = "option", .many = true },
	{ .name = "up" },
	{ .name = "down" },
	{ .name = "health" },
	{ .name = "facts" },
	{ .name = "timeout" },
	{ .name = "swap-device" },
	{ .name = "limit" },
	{ .name = "local" },
	{ .name = "usage", .many = true },
	{ .name = "env", .many = true },
	{ .name = "about", .many = true },
	{ .name = NULL },
};

static const struct unit_backend *of_row(const struct backend *row)
{
	return (const struct unit_backend *)unit_of_row(row);
}

static const struct unit_backend *of_params(const void *params, struct err *err)
{
	return (const struct unit_backend *)unit_of_params("backend", params, err);
}

/* ctx NULL: a value of some kind for each, as the file is read. */
static void set_values(struct unit_values *v, const struct unit_backend *u,
		       const struct backend_ctx *ctx)
{
	unit_values_set(v, "state_dir", "%s", ctx ? ctx->state_dir : "/");
	unit_values_set(v, "need_bytes", "%llu", ctx ? (unsigned long long)ctx->need_bytes : 1);
	unit_values_add(v, &u->unit, ctx ? ctx->params : NULL);
}

static void set_job_values(struct unit_values *v, const struct backend_job *job, uint64_t bytes)
{
	unit_values_set(v, "bytes", bytes == UINT64_MAX ? "max" : "%llu",
			(unsigned long long)bytes);
	unit_values_set(v, "memory_dir", "%s", job && job->memory_dir ? job->memory_dir : "");
	unit_values_set(v, "job", "%s", job && job->name ? job->name : "");
}

/* --- is it here? ---------------------------------------------------------------------------- */

static bool file_there(const char *pattern)
{
	char path[4096];
	glob_t found;
	int rc;

	if (sysfile_path(path, sizeof(path), pattern) != 0)
		return false;
	rc = glob(path, 0, NULL, &found);
	globfree(&found);
	return rc == 0;
}

static bool kernel_fits(const struct unit_backend *u)
{
	char release[128];

	return !u->has_kernel ||
	       (sysfile_read_line("/proc/sys/kernel/osrelease", release, sizeof(release)) == 0 &&
		regexec(&u->kernel, release, 0, NULL, 0) == 0);
}

/* The first sign that is not here, on the heap; NULL: all are. */
static char *missing_sign(const struct unit_backend *u)
{
	char *copy = xstrdup(u->signs ? u->signs : ""), *rest = copy, *word, *missing = NULL;

	while (!missing && (word = strsep(&rest, " \t"))) {
		if (*word && !file_there(word))
			missing = xstrdup(word);
	}
	free(copy);
	return missing;
}

bool backend_unit_is_here(const struct unit *unit)
{
	const struct unit_backend *u = (const void *)unit; /* its first member */
	char *missing = missing_sign(u);
	bool here = (u->has_kernel || u->signs) && kernel_fits(u) && !missing;

	free(missing);
	return here;
}

static int check_here(const struct unit_backend *u, struct err *err)
{
	const char *name = u->unit.name, *needs = u->needs ? u->needs : u->unit.summary;
	char *missing = missing_sign(u), release[128] = "?";
	int rc = 0;

	sysfile_read_line("/proc/sys/kernel/osrelease", release, sizeof(release));
	if (!kernel_fits(u))
		rc = err_missing(err,
				 "%s runs on a kernel of its own, and this is %s. It needs: %s",
				 name, release, needs);
	else if (missing)
		rc = err_missing(err, "%s is not on this machine: there is no %s. It needs: %s",
				 name, missing, needs);
	free(missing);
	return rc;
}

static int unit_check(const void *params, struct err *err)
{
	const struct unit_backend *u = of_params(params, err);
	int rc = u ? check_here(u, err) : -EINVAL;

	if (!rc)
		rc = unit_needs_check(&u->unit, err);
	if (!rc && u->by_hand)
		rc = err_missing(err, "fmbench doesn't drive %s: %s", u->unit.name, u->by_hand);
	if (!rc && u->row.caps & CAP_SWAP && u->swap_device)
		rc = swap_area_may(err);
	return rc;
}

/* --- commands ------------------------------------------------------------------------------- */

static char *log_path(const struct backend_ctx *ctx, const struct unit_backend *u)
{
	struct buf b = BUF_INIT;

	buf_addf(&b, "%s/backend-%s.log", ctx->state_dir, u->unit.name);
	return buf_steal(&b);
}

static int run_command(const struct unit_backend *u, const struct unit_command *c, const char *name,
		       const struct unit_values *v, const char *log, uint64_t timeout_ns,
		       struct err *err)
{
	struct buf what = BUF_INIT;
	struct unit_patience p = { .timeout_ns = timeout_ns };
	int rc;

	buf_addf(&what, "backend %s: %s", u->unit.name, name);
	p.what = what.data;
	rc = unit_command_run(c, v, NULL, log, &p, err);
	buf_release(&what);
	return rc;
}

static int find_area(struct backend_ctx *ctx, const struct unit_backend *u,
		     const struct unit_values *v, struct err *err)
{
	struct buf path = BUF_INIT;
	struct swap_areas areas;
	int rc = unit_expand(u->swap_device, v, &path, err);

	if (!rc)
		rc = swap_areas_read(&areas, err);
	if (!rc) {
		if (!swap_areas_find(&areas, path.data))
			rc = err_failed(err, 0,
					"backend %s is up, but %s is no swap area that is on "
					"(/proc/swaps)",
					u->unit.name, path.data);
		swap_areas_release(&areas);
	}
	if (!rc)
		rc = swap_area_name(ctx, path.data, err);
	buf_release(&path);
	return rc;
}

static int unit_up(struct backend_ctx *ctx, struct journal *j, struct err *err)
{
	const struct unit_backend *u = of_row(ctx->backend);
	struct unit_values values = { 0 };
	char *log = log_path(ctx, u);
	int rc = 0;

	set_values(&values, u, ctx);
	unlink(log);
	if (u->down.text)
		rc = unit_command_journal(&u->down, &values, u->unit.name, log, j, err);
	if (!rc && u->up.text)
		rc = run_command(u, &u->up, "up", &values, log, u->timeout_ns, err);
	if (!rc && u->swap_device)
		rc = find_area(ctx, u, &values, err);
	unit_values_release(&values);
	free(log);
	return rc;
}

/* Lines "KEY VALUE", "KEY: VALUE" or "KEY=VALUE". */
static void add_lines(struct facts *facts, const char *name, char *text)
{
	char *line;

	while ((line = strsep(&text, "\n"))) {
		size_t len = strcspn(line, " \t:=");
		char fact[128];

		if (!len || !line[len])
			continue;
		snprintf(fact, sizeof(fact), "%s.%.*s", name, (int)len, line);
		line += len + strspn(line + len, " \t:=");
		facts_set(facts, fact, "%s", line);
	}
}

static void run_facts(const struct backend_ctx *ctx, const struct unit_backend *u,
		      struct facts *facts)
{
	struct unit_values values = { 0 };
	struct buf path = BUF_INIT, text = BUF_INIT;
	FILE *f;

	set_values(&values, u, ctx);
	buf_addf(&path, "%s/backend-%s.facts", ctx->state_dir, u->unit.name);
	unlink(path.data);
	if (run_command(u, &u->facts, "facts", &values, path.data, LOOK_NS, NULL) == 0) {
		f = fopen(path.data, "re");
		if (f && buf_read_fd(&text, fileno(f)) == 0 && text.data)
			add_lines(facts, u->unit.name, text.data);
		if (f)
			fclose(f);
	}
	unlink(path.data);
	unit_values_release(&values);
	buf_release(&path);
	buf_release(&text);
}

static void unit_facts(const struct backend_ctx *ctx, struct facts *facts)
{
	const struct unit_backend *u = of_row(ctx->backend);

	facts_set(facts, "backend_unit", "%s (%s)", u->unit.stamp, u->unit.path);
	for (size_t i = 0; i < u->about.nr; i++)
		facts_set(facts, u->about.rows[i].name, "%s", u->about.rows[i].value);
	if (u->swap_device)
		swap_area_facts(ctx, facts);
	if (u->facts.text)
		run_facts(ctx, u, facts);
}

static int unit_health(struct backend_ctx *ctx, struct err *err)
{
	const struct unit_backend *u = of_row(ctx->backend);
	struct unit_values values = { 0 };
	char *log;
	int rc = u->swap_device ? swap_area_health(ctx, err) : 0;

	if (rc || !u->health.text)
		return rc;
	log = log_path(ctx, u);
	set_values(&values, u, ctx);
	rc = run_command(u, &u->health, "health", &values, log, LOOK_NS, err);
	unit_values_release(&values);
	free(log);
	return rc;
}

/* --- a job ---------------------------------------------------------------------------------- */

static int unit_prepare(struct backend_ctx *ctx, struct backend_job *job, struct journal *j,
			struct err *err)
{
	const struct unit_backend *u = of_row(ctx->backend);
	struct unit_values values = { 0 };
	int rc = 0;

	(void)j;
	set_values(&values, u, ctx);
	set_job_values(&values, job, 0);
	job->env = xcalloc(u->nr_env + 1, sizeof(*job->env));
	for (size_t i = 0; i < u->nr_env && !rc; i++) {
		struct buf b = BUF_INIT;

		buf_addf(&b, "%s=", u->env[i].name);
		rc = unit_expand(u->env[i].value, &values, &b, err);
		job->env[i] = buf_steal(&b);
	}
	unit_values_release(&values);
	return rc;
}

static int unit_limit(struct backend_ctx *ctx, struct backend_job *job, uint64_t bytes,
		      struct err *err)
{
	const struct unit_backend *u = of_row(ctx->backend);
	struct unit_values values = { 0 };
	char *log = log_path(ctx, u);
	int rc;

	set_values(&values, u, ctx);
	set_job_values(&values, job, bytes);
	rc = run_command(u, &u->limit, "limit", &values, log, LOOK_NS, err);
	unit_values_release(&values);
	free(log);
	return rc;
}

static int unit_local(struct backend_ctx *ctx, struct backend_job *job, uint64_t *ret_bytes,
		      struct err *err)
{
	const struct unit_backend *u = of_row(ctx->backend);
	struct unit_values values = { 0 };
	struct buf path = BUF_INIT;
	int rc;

	set_values(&values, u, ctx);
	set_job_values(&values, job, 0);
	rc = unit_expand(u->local_file, &values, &path, err);
	if (!rc) {
		rc = u->local_key ? sysfile_read_key(path.data, u->local_key, ret_bytes)
				  : sysfile_read_u64(path.data, ret_bytes);
		if (rc)
			err_failed(err, -rc, "backend %s: how much is local, in %s", u->unit.name,
				   path.data);
	}
	unit_values_release(&values);
	buf_release(&path);
	return rc;
}

/* --- from the file -------------------------------------------------------------------------- */

static const struct {
	const char *name;
	unsigned int cap;
} cap_names[] = { { "swap", CAP_SWAP },
		  { "tier", CAP_TIER },
		  { "pager", CAP_PAGER },
		  { "remote", CAP_REMOTE },
		  { "rdma", CAP_RDMA } };

static int read_caps(struct unit_backend *u, const char *text, struct err *err)
{
	char *copy = xstrdup(text), *rest = copy, *word;
	int rc = 0;

	while (!rc && (word = strsep(&rest, " \t,"))) {
		size_t i = 0;

		while (i < NR(cap_names) && strcmp(cap_names[i].name, word) != 0)
			i++;
		if (i < NR(cap_names))
			u->row.caps |= cap_names[i].cap;
		else if (*word)
			rc = err_usage(err,
				       "caps are of swap, tier, pager, remote, rdma; '%s' is none",
				       word);
	}
	free(copy);
	return rc;
}

static int read_kernel(struct unit_backend *u, const char *text, struct err *err)
{
	int rc = extract_compile("kernel", text, 0, &u->kernel, err);

	u->has_kernel = !rc;
	return rc;
}

static int read_timeout(struct unit_backend *u, const char *text, struct err *err)
{
	return parse_duration(text, &u->timeout_ns) == 0
		       ? 0
		       : err_usage(err, "'%s' is no duration such as 30s or 5m", text);
}

static int read_local(struct unit_backend *u, const char *text, struct err *err)
{
	size_t len = strcspn(text, " \t");
	const char *key = text + len + strspn(text + len, " \t");

	if (text[0] != '/' && text[0] != '{')
		return err_usage(err,
				 "local is a file, and a key in it where it has lines of keys");
	u->local_file = strndup(text, len);
	u->local_key = *key ? xstrdup(key) : NULL;
	return 0;
}

/* COLLECTOR KEY */
static int read_usage(struct unit_backend *u, const struct ini_section *s, struct err *err)
{
	static const char *const kinds[] = { USAGE_LOCAL,	 USAGE_FAR,	     USAGE_PAGE_INS,
					     USAGE_PAGE_OUTS,	 USAGE_LOADS,	     USAGE_STORES,
					     USAGE_FAILED_LOADS, USAGE_FAILED_STORES };
	const struct ini_entry *entry;
	size_t i = 0, nr = 0;

	while ((entry = unit_next(s, "usage", &i))) {
		const char *what = strchr(entry->key, '.') + 1;
		char collector[64], key[80];
		size_t k = 0;

		while (k < NR(kinds) && strcmp(kinds[k], what) != 0)
			k++;
		if (k == NR(kinds) || nr == MAX_USAGE ||
		    sscanf(entry->value, "%63s %79s", collector, key) != 2) {
			err_usage(err,
				  "%s = COLLECTOR KEY; there are usage.local, far, page_ins, "
				  "page_outs, loads, stores, failed_loads, failed_stores",
				  entry->key);
			return unit_fail(u->unit.path, entry->line, err);
		}
		u->usage[nr++] =
			(struct backend_usage){ kinds[k], xstrdup(collector), xstrdup(key) };
	}
	u->row.usage = nr ? u->usage : u->row.caps & CAP_SWAP ? swap_usage : u->usage;
	return 0;
}

static int read_env_and_about(struct unit_backend *u, const struct ini_section *s,
			      const struct unit_values *known, struct err *err)
{
	const struct ini_entry *entry;
	struct buf ignored = BUF_INIT;
	size_t i = 0, about = 0;
	int rc = 0;

	facts_init(&u->about);
	while ((entry = unit_next(s, "about", &about)))
		facts_set(&u->about, entry->key, "%s", entry->value);
	u->env = xcalloc(s->nr_entries + 1, sizeof(*u->env));
	while (!rc && (entry = unit_next(s, "env", &i))) {
		u->env[u->nr_env++] = (struct unit_env){ xstrdup(strchr(entry->key, '.') + 1),
							 xstrdup(entry->value) };
		if (unit_expand(entry->value, known, &ignored, err) != 0)
			rc = unit_fail(u->unit.path, entry->line, err);
	}
	buf_release(&ignored);
	return rc;
}

static int read_texts(struct unit_backend *u, const struct ini_section *s, struct err *err)
{
	const struct {
		const char *key;
		int (*read)(struct unit_backend *u, const char *text, struct err *err);
	} rows[] = { { "caps", read_caps },
		     { "kernel", read_kernel },
		     { "timeout", read_timeout },
		     { "local", read_local } };

	u->timeout_ns = TIMEOUT_NS;
	u->swap_device = xstrdup(unit_text(s, "swap-device"));
	u->by_hand = xstrdup(unit_text(s, "by-hand"));
	u->needs = xstrdup(unit_text(s, "needs"));
	u->signs = xstrdup(unit_text(s, "signs"));
	for (size_t i = 0; i < NR(rows); i++) {
		const char *text = unit_text(s, rows[i].key);

		if (text && rows[i].read(u, text, err) != 0)
			return unit_fail(u->unit.path, unit_line(s, rows[i].key), err);
	}
	return read_usage(u, s, err);
}

static int read_commands(struct unit_backend *u, const struct ini_section *s,
			 struct unit_values *known, struct err *err)
{
	const struct {
		const char *key;
		struct unit_command *command;
		bool of_job;
	} rows[] = { { "up", &u->up, false },
		     { "down", &u->down, false },
		     { "health", &u->health, false },
		     { "facts", &u->facts, false },
		     { "limit", &u->limit, true } };
	const char *limit = unit_text(s, "limit");
	struct buf ignored = BUF_INIT;
	int rc = 0;

	for (size_t i = 0; i < NR(rows) && !rc; i++) {
		if (rows[i].of_job)
			set_job_values(known, NULL, 1);
		if (!rows[i].of_job || !limit || strcmp(limit, "memory.high") != 0)
			rc = unit_command_read(rows[i].command, &u->unit, s, rows[i].key, known,
					       err);
	}
	if (!rc && u->swap_device && unit_expand(u->swap_device, known, &ignored, err) != 0)
		rc = unit_fail(u->unit.path, unit_line(s, "swap-device"), err);
	if (!rc && u->local_file && unit_expand(u->local_file, known, &ignored, err) != 0)
		rc = unit_fail(u->unit.path, unit_line(s, "local"), err);
	buf_release(&ignored);
	if (!rc && u->up.text && !u->down.text)
		rc = err_usage(err,
			       "%s:%u: what `up` changes `down` must change back: there is no down",
			       u->unit.path, unit_line(s, "up"));
	if (!rc && !u->limit.text != !u->local_file)
		rc = err_usage(
			err,
			"%s:%u: a limit by a command goes with local = FILE [KEY], which says "
			"how many bytes are local",
			u->unit.path, unit_line(s, u->limit.text ? "limit" : "local"));
	return rc;
}

static void fill_row(struct unit_backend *u)
{
	u->row.name = u->unit.name;
	u->row.summary = u->unit.summary;
	u->row.opts = u->unit.opts;
	u->row.params_size = UNIT_PARAMS_SIZE(&u->unit);
	u->row.check = unit_check;
	u->row.up = unit_up;
	u->row.facts = unit_facts;
	u->row.health = u->health.text || u->swap_device ? unit_health : NULL;
	u->row.prepare = u->nr_env ? unit_prepare : NULL;
	u->row.limit = u->limit.text ? unit_limit : NULL;
	u->row.local = u->limit.text ? unit_local : NULL;
}

int backend_unit_read(const char *name, const char *path, const struct ini_section *s,
		      struct err *err)
{
	struct unit_backend *u = xcalloc(1, sizeof(*u));
	struct unit_values known = { 0 };
	int rc;

	rc = unit_read_head(&u->unit, "backend", name, path, s, keys, err);
	if (!rc)
		rc = read_texts(u, s, err);
	if (!rc) {
		set_values(&known, u, NULL);
		rc = read_commands(u, s, &known, err);
	}
	if (!rc)
		rc = read_env_and_about(u, s, &known, err);
	unit_values_release(&known);
	if (rc)
		return rc;
	fill_row(u);
	unit_add(&u->unit, &u->row);
	backend_add(&u->row);
	return 0;
}
