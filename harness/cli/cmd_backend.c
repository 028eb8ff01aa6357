// SPDX-License-Identifier: GPL-2.0-or-later
/* fmbench backend: bring far memory up and keep it up, outside any run. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/backend.h"
#include "base/json_write.h"
#include "base/log.h"
#include "base/sysfile.h"
#include "harness/cli/command.h"
#include "harness/run/lock.h"
#include "harness/run/recover.h"
#include "harness/run/session.h"

struct params {
	char *format;
};

static const struct opt opts[] = { OPT_TABLE_OR_JSON(struct params, format), OPT_END };

/* json NULL: for people. */
static void list_one(const struct backend *b, struct json *json)
{
	void *params = calloc(1, b->params_size + 1);
	struct err err = { 0 };
	int rc;

	if (!params)
		abort();
	opt_defaults(b->opts, params);
	rc = b->check ? b->check(params, &err) : 0;
	if (json) {
		json_begin(json, NULL, '{');
		json_add_text(json, "name", b->name);
		json_add_bool(json, "ready", rc == 0);
		json_add_text(json, "why_not", rc ? err.msg : NULL);
		json_add_text(json, "summary", b->summary);
		json_end(json, '}');
	} else {
		printf("%-14s %-5s %s\n", b->name, rc ? "no" : "ready", rc ? err.msg : b->summary);
	}
	opt_release(b->opts, params);
	free(params);
}

static void list(bool as_json)
{
	struct buf text = BUF_INIT;
	struct json json = { .text = &text };

	json_begin(&json, NULL, '[');
	for (size_t i = 0; backend_table[i]; i++)
		list_one(backend_table[i], as_json ? &json : NULL);
	json_end(&json, ']');
	if (as_json)
		puts(text.data);
	buf_release(&text);
}

/* The journal of what is kept up is named after its backend: at most one of each. */
static void kept_journal(const char *name, char *dst, size_t size)
{
	snprintf(dst, size, "%s/journal/kept-%s.journal", common.state_dir, name);
}

static int print_facts(const struct backend_ctx *ctx)
{
	struct facts facts;

	facts_init(&facts);
	if (ctx->backend->facts)
		ctx->backend->facts(ctx, &facts);
	for (size_t i = 0; i < facts.nr; i++)
		printf("%-24s %s\n", facts.rows[i].name, facts.rows[i].value);
	facts_release(&facts);
	return 0;
}

static int up(const struct cli *cli, const struct backend *b, void *params, struct err *err)
{
	struct backend_ctx ctx = { .backend = b, .params = params, .state_dir = common.state_dir };
	char dir[PATH_MAX], path[PATH_MAX], uuid[64];
	struct journal *j;
	struct err undo_err = { 0 };
	int lock_fd, rc = 0;

	for (size_t i = 0; i < cli->nr_pairs && !rc; i++) {
		const char *own = backend_key(b, cli->pairs[i]);

		rc = opt_set_pair(b->opts, params, own ? own : cli->pairs[i], b->name, err);
	}
	kept_journal(b->name, path, sizeof(path));
	if (!rc && sysfile_exists(path))
		rc = err_failed(err, 0, "backend %s is up already; `fmbench backend down %s` first",
				b->name, b->name);
	if (!rc && b->check)
		rc = b->check(params, err);
	if (rc)
		return rc;
	lock_fd = machine_lock(common.state_dir, err);
	if (lock_fd < 0)
		return lock_fd;
	recover_journal_dir(common.state_dir, dir, sizeof(dir));
	snprintf(uuid, sizeof(uuid), "kept-%s", b->name);
	rc = journal_create(dir, uuid, recover_ops, &j, err);
	if (rc)
		goto out;
	rc = b->up ? b->up(&ctx, j, err) : 0;
	if (!rc && ctx.taken)
		rc = err_failed(err, 0, "backend %s is up already, not by `fmbench backend up`",
				b->name);
	if (!rc)
		rc = journal_keep(j, err);
	if (!rc)
		print_facts(&ctx);
	else if (journal_undo_to(j, 0, &undo_err) != 0)
		log_error("%s; `fmbench recover` tries again", undo_err.msg);
	if (b->release)
		b->release(&ctx);
	journal_free(j);
out:
	close(lock_fd);
	return rc;
}

static int down(const char *name, struct err *err)
{
	char path[PATH_MAX];
	int lock_fd, rc;

	kept_journal(name, path, sizeof(path));
	if (!sysfile_exists(path))
		return err_usage(err, "backend %s was not brought up by `fmbench backend up`",
				 name);
	lock_fd = machine_lock(common.state_dir, err);
	if (lock_fd < 0)
		return lock_fd;
	rc = recover_journal(path, err);
	close(lock_fd);
	return rc;
}

struct kept {
	struct json *json; /* NULL: for people */
	int nr;
};

static int print_kept(const char *path, void *arg)
{
	const char *base = strrchr(path, '/') + 1;
	struct kept *kept = arg;
	char name[64];

	if (strncmp(base, "kept-", 5) != 0)
		return 0;
	kept->nr++;
	snprintf(name, sizeof(name), "%.*s", (int)(strlen(base) - strlen("kept-.journal")),
		 base + 5);
	if (kept->json) {
		json_begin(kept->json, NULL, '{');
		json_add_text(kept->json, "backend", name);
		json_add_text(kept->json, "journal", path);
		json_end(kept->json, '}');
	} else {
		printf("%s is up (journal %s)\n", name, path);
	}
	return 0;
}

static int status(bool as_json, struct err *err)
{
	struct buf swaps = BUF_INIT, text = BUF_INIT;
	struct json json = { .text = &text };
	struct kept kept = { .json = as_json ? &json : NULL };
	char dir[PATH_MAX];
	int rc;

	json_begin(&json, NULL, '{');
	json_begin(&json, "up", '[');
	recover_journal_dir(common.state_dir, dir, sizeof(dir));
	journal_each(dir, print_kept, &kept);
	json_end(&json, ']');
	rc = sysfile_read("/proc/swaps", &swaps);
	json_add_text(&json, "proc_swaps", rc ? NULL : swaps.data);
	json_end(&json, '}');
	if (!kept.nr && !as_json)
		printf("no backend was brought up by `fmbench backend up`\n");
	if (as_json)
		puts(text.data);
	else if (!rc)
		printf("%s", swaps.data ? swaps.data : "");
	buf_release(&swaps);
	buf_release(&text);
	return rc ? err_failed(err, -rc, "cannot read /proc/swaps") : 0;
}

static int cmd_backend_run(struct cli *cli)
{
	const struct params *p = cli->params;
	const char *verb = cli->args[0];
	bool as_json = is_json(p->format);
	const struct backend *b = NULL;
	struct err err = { 0 };
	void *params;
	int rc;

	if (strcmp(verb, "list") == 0) {
		list(as_json);
		return 0;
	}
	if (strcmp(verb, "status") == 0) {
		rc = status(as_json, &err);
	} else if (as_json) {
		rc = err_usage(&err, "--format json is for list and status, not for %s", verb);
	} else if (strcmp(verb, "up") != 0 && strcmp(verb, "down") != 0) {
		rc = err_usage(&err, "backend '%s'? list, up, down or status", verb);
	} else if (cli->nr_args < 2) {
		rc = err_usage(&err, "backend %s which? `fmbench backend list`", verb);
	} else if (!(b = backend_find(cli->args[1], &err))) {
		rc = -EINVAL;
	} else if (strcmp(verb, "down") == 0) {
		rc = down(b->name, &err);
	} else {
		params = calloc(1, b->params_size + 1);
		if (!params)
			abort();
		opt_defaults(b->opts, params);
		rc = up(cli, b, params, &err);
		opt_release(b->opts, params);
		free(params);
	}
	return rc ? command_fail(&err) : 0;
}

const struct command cmd_backend = {
	.name = "backend",
	.args = "list|status|up|down [BACKEND]",
	.summary = "far memory outside a run: what works here, bring one up, take it down",
	.doc = "What `up` brings up stays until `down`, after a reboot `fmbench backend down` only\n"
	       "tidies what is left.\n",
	.opts = opts,
	.params_size = sizeof(struct params),
	.min_args = 1,
	.max_args = 2,
	.takes_pairs = true,
	.in_lab = true,
	.takes_units = true,
	.run = cmd_backend_run,
};
