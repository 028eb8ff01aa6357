// SPDX-License-Identifier: GPL-2.0-or-later
/* fmbench list: what there is, straight from the tables that run it. */
#include <string.h>

#include "backend/backend.h"
#include "base/json_write.h"
#include "base/names.h"
#include "collectors/collector.h"
#include "harness/cli/command.h"
#include "harness/policy/policy.h"
#include "micro/micro.h"
#include "plots/figure.h"
#include "workloads/workload.h"

struct params {
	char *format;
};

static const struct opt opts[] = { OPT_TABLE_OR_JSON(struct params, format), OPT_END };

/* What is listed, for people or as objects. */
struct list {
	struct json *json; /* NULL: for people */
	const char *kind;
};

static void add_options(struct json *j, const struct opt *table)
{
	json_begin(j, "options", '[');
	for_each_opt (o, table) {
		if (o->type == OPT_T_SECRET)
			continue;
		json_begin(j, NULL, '{');
		json_add_text(j, "name", o->name);
		json_add_text(j, "default", o->def);
		json_add_text(j, "choices", o->choices);
		json_add_text(j, "help", o->help);
		json_end(j, '}');
	}
	json_end(j, ']');
}

static void row(const struct list *l, const char *name, const char *summary, const struct opt *keys)
{
	if (l->json) {
		json_begin(l->json, NULL, '{');
		json_add_text(l->json, "kind", l->kind);
		json_add_text(l->json, "name", name);
		json_add_text(l->json, "summary", summary);
		add_options(l->json, keys);
		json_end(l->json, '}');
		return;
	}
	printf("  %-16s %s\n", name, summary);
	if (common.verbose && keys)
		opt_print_help(keys, OPT_KEYS, 6, stdout);
}

static void list_workloads(const struct list *l)
{
	for (size_t i = 0; workload_table[i]; i++)
		row(l, workload_table[i]->name, workload_table[i]->summary,
		    workload_table[i]->opts);
}

static void list_micro(const struct list *l)
{
	for (size_t i = 0; micro_table[i]; i++)
		row(l, micro_table[i]->name, micro_table[i]->summary, micro_table[i]->opts);
}

static void list_backends(const struct list *l)
{
	for (size_t i = 0; backend_table[i]; i++)
		row(l, backend_table[i]->name, backend_table[i]->summary, backend_table[i]->opts);
}

static const char *kind_of(const struct collector_key *key)
{
	return key->kind == KEY_COUNTER ? "counter" : "gauge";
}

static void add_collector(struct json *j, const struct collector *c)
{
	json_begin(j, NULL, '{');
	json_add_text(j, "kind", "collectors");
	json_add_text(j, "name", c->name);
	json_add_text(j, "summary", c->summary);
	json_begin(j, "keys", '[');
	for (size_t k = 0; k < c->nr_keys; k++) {
		json_begin(j, NULL, '{');
		json_add_text(j, "name", c->keys[k].name);
		json_add_text(j, "unit", c->keys[k].unit);
		json_add_text(j, "kind", kind_of(&c->keys[k]));
		json_end(j, '}');
	}
	json_end(j, ']');
	json_end(j, '}');
}

static void list_collectors(const struct list *l)
{
	for (size_t i = 0; collector_table[i]; i++) {
		const struct collector *c = collector_table[i];

		if (l->json) {
			add_collector(l->json, c);
			continue;
		}
		row(l, c->name, c->summary, NULL);
		for (size_t k = 0; common.verbose && k < c->nr_keys; k++)
			printf("      %-28s %s, %s\n", c->keys[k].name, c->keys[k].unit,
			       kind_of(&c->keys[k]));
	}
}

static void list_figures(const struct list *l)
{
	static const char *const scopes[] = {
		[FIGURE_ONE_RUN] = "one run",
		[FIGURE_RUNS] = "one run, or repeats pooled",
		[FIGURE_CURVE] = "several runs",
	};

	for (size_t i = 0; figure_table[i].name; i++) {
		const struct figure *f = &figure_table[i];

		if (l->json)
			row(l, f->name, f->summary, NULL);
		else
			printf("  %-16s %s (of %s)\n", f->name, f->summary, scopes[f->scope]);
	}
}

static void list_policies(const struct list *l)
{
	for (size_t i = 0; policy_table[i]; i++)
		row(l, policy_table[i]->name, policy_table[i]->summary, NULL);
}

static const struct {
	const char *name;
	void (*list)(const struct list *l);
} kinds[] = {
	{ "workloads", list_workloads }, { "micro", list_micro },
	{ "backends", list_backends },	 { "collectors", list_collectors },
	{ "figures", list_figures },	 { "policies", list_policies },
};
#define NR_KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* One more s, or one less, is no other kind. */
static bool is_kind(const char *word, const char *kind)
{
	size_t len = strlen(word), kind_len = strlen(kind);

	len -= len && word[len - 1] == 's';
	kind_len -= kind[kind_len - 1] == 's';
	return len == kind_len && strncmp(word, kind, len) == 0;
}

static int check_kind(const char *kind, struct err *err)
{
	const char *names[NR_KINDS + 1] = { NULL };

	for (size_t i = 0; i < NR_KINDS; i++) {
		names[i] = kinds[i].name;
		if (is_kind(kind, kinds[i].name))
			return 0;
	}
	return err_unknown(err, did_you_mean(kind, names),
			   "there are workloads, micro, backends, collectors, figures and policies",
			   "cannot list '%s'", kind);
}

static int cmd_list_run(struct cli *cli)
{
	const struct params *p = cli->params;
	const char *kind = cli->nr_args ? cli->args[0] : NULL;
	struct buf text = BUF_INIT;
	struct json json = { .text = &text };
	struct list l = { .json = is_json(p->format) ? &json : NULL };
	struct err err = { 0 };

	if (kind && check_kind(kind, &err))
		return command_fail(&err);
	json_begin(&json, NULL, '[');
	for (size_t i = 0; i < NR_KINDS; i++) {
		if (kind && !is_kind(kind, kinds[i].name))
			continue;
		if (!kind && !l.json)
			printf("%s%s:\n", i ? "\n" : "", kinds[i].name);
		l.kind = kinds[i].name;
		kinds[i].list(&l);
	}
	json_end(&json, ']');
	if (l.json)
		puts(text.data);
	else if (!kind)
		printf("\nOptions of each: fmbench list -v\n");
	buf_release(&text);
	return 0;
}

const struct command cmd_list = {
	.name = "list",
	.args = "[workloads|micro|backends|collectors|figures|policies]",
	.summary = "what there is to run, drive, sample and draw (-v: with options)",
	.opts = opts,
	.params_size = sizeof(struct params),
	.max_args = 1,
	.in_lab = true,
	.takes_units = true,
	.run = cmd_list_run,
};
