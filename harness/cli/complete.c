// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/cli/complete.h"

#include <dirent.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "backend/backend.h"
#include "base/alloc.h"
#include "base/process.h"
#include "collectors/collector.h"
#include "harness/cli/command.h"
#include "micro/micro.h"
#include "plots/figure.h"
#include "results/export.h"
#include "results/store.h"
#include "workloads/workload.h"

#define MOST_RUNS 30

/* What the words before the last one say. */
struct line {
	const struct command *const *commands;
	const struct command *command; /* NULL: none yet */
	const struct opt *pending;     /* an option whose value comes next */
	bool pending_pair;	       /* -o was the last word */
	bool program;		       /* after "--": the words are another program's */
	char **args;		       /* xcalloc()ed, the words their owner's */
	size_t nr_args;
	const char *backends; /* the value of --backend */
	const char *db;
};

/* The word to complete: candidates replace `part`, and `before` stays. */
struct target {
	const struct line *line;
	const char *word, *part;
	FILE *out;
};

static void offer(const struct target *t, const char *name, const char *about)
{
	if (strncmp(name, t->part, strlen(t->part)) == 0)
		fprintf(t->out, "%.*s%s\t%s\n", (int)(t->part - t->word), t->word, name,
			about ? about : "");
}

/* --- what may stand for a word of a usage line ------------------------------------------------ */

static void offer_commands(const struct target *t)
{
	for (const struct command *const *c = t->line->commands; *c; c++) {
		if (!(*c)->hidden)
			offer(t, (*c)->name, (*c)->summary);
	}
}

static void offer_workloads(const struct target *t)
{
	for (size_t i = 0; workload_table[i]; i++)
		offer(t, workload_table[i]->name, workload_table[i]->summary);
}

static void offer_micro(const struct target *t)
{
	for (size_t i = 0; micro_table[i]; i++)
		offer(t, micro_table[i]->name, micro_table[i]->summary);
}

static void offer_backends(const struct target *t)
{
	for (size_t i = 0; backend_table[i]; i++)
		offer(t, backend_table[i]->name, backend_table[i]->summary);
}

static void offer_collectors(const struct target *t)
{
	for (size_t i = 0; collector_table[i]; i++)
		offer(t, collector_table[i]->name, collector_table[i]->summary);
}

static void offer_figures(const struct target *t)
{
	for (size_t i = 0; figure_table[i].name; i++)
		offer(t, figure_table[i].name, figure_table[i].summary);
}

static void offer_exports(const struct target *t)
{
	for (size_t i = 0; export_kinds[i].name; i++)
		offer(t, export_kinds[i].name, export_kinds[i].summary);
}

static void offer_files(const struct target *t)
{
	fputs(":file\n", t->out);
}

static void offer_row(void *arg, const char *name, const char *about)
{
	offer(arg, name, about);
}

/* Nothing where there is no database to read. */
static void offer_stored(const struct target *t, enum store_names what)
{
	struct store *store = NULL;
	struct err err;

	if (store_open(t->line->db, STORE_READ, &store, &err) == 0)
		store_each_name(store, what, MOST_RUNS, offer_row, (void *)t, &err);
	store_close(store);
}

static void offer_runs(const struct target *t)
{
	offer(t, "latest", "the latest run");
	offer_stored(t, STORE_RUNS);
}

static void offer_experiments(const struct target *t)
{
	offer_stored(t, STORE_EXPERIMENTS);
}

static int is_experiment(const struct dirent *entry)
{
	return fnmatch("*.ini", entry->d_name, FNM_PERIOD) == 0;
}

static void offer_experiments_in(const struct target *t, const char *folder, const char *about)
{
	struct dirent **entries = NULL;
	char dir[PATH_MAX];
	int nr = 0;

	if (process_share(dir, sizeof(dir), folder) == 0)
		nr = scandir(dir, &entries, is_experiment, alphasort);
	for (int i = 0; i < nr; i++) {
		entries[i]->d_name[strlen(entries[i]->d_name) - strlen(".ini")] = '\0';
		offer(t, entries[i]->d_name, about);
		free(entries[i]);
	}
	free(entries);
}

/* Those that come with fmbench, and files. */
static void offer_experiment_files(const struct target *t)
{
	offer_experiments_in(t, "experiments", "comes with fmbench");
	offer_experiments_in(t, "experiments/papers", "a figure of a paper");
	offer_files(t);
}

/* One side of a comparison: terms with commas between. */
static void offer_terms(const struct target *t)
{
	static const char *const keys[] = { "workload=", "backend=", "ratio=", "experiment=",
					    "offload=",	 "machine=", "kernel=" };
	const char *equals = strchr(t->part, '=');
	struct target value = *t;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		offer(t, keys[i], NULL);
	if (t->part == t->word)
		offer_stored(t, STORE_RUNS);
	if (!equals)
		return;
	value.part = equals + 1;
	if (strncmp(t->part, "workload=", 9) == 0)
		offer_workloads(&value);
	else if (strncmp(t->part, "backend=", 8) == 0)
		offer_backends(&value);
	else if (strncmp(t->part, "experiment=", 11) == 0)
		offer_experiments(&value);
}

/* By an option's name, or by the word that a usage line has in a value's place. */
static const struct source {
	const char *word;
	void (*offer)(const struct target *t);
	bool list; /* several, with commas between */
} sources[] = {
	{ "--backend", offer_backends, true },
	{ "--collector", offer_collectors, true },
	{ "--experiment", offer_experiments, false },
	{ "A", offer_terms, true },
	{ "B", offer_terms, true },
	{ "BACKEND", offer_backends, false },
	{ "BENCHMARK", offer_micro, false },
	{ "COMMAND", offer_commands, false },
	{ "DIR", offer_files, false },
	{ "EXPERIMENT", offer_experiment_files, false },
	{ "FIGURE", offer_figures, false },
	{ "FILE", offer_files, false },
	{ "PATH", offer_files, false },
	{ "RUN", offer_runs, false },
	{ "WHAT", offer_exports, false },
	{ "WORKLOAD", offer_workloads, false },
};

static const struct source *find_source(const char *word, size_t len)
{
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		if (strlen(sources[i].word) == len && strncmp(sources[i].word, word, len) == 0)
			return &sources[i];
	}
	return NULL;
}

static void offer_source(const struct target *t, const struct source *source)
{
	struct target last = *t;
	const char *comma = strrchr(t->part, ',');

	if (source->list && comma)
		last.part = comma + 1;
	source->offer(&last);
}

/* --- words ------------------------------------------------------------------------------------ */

/* "a|b|NAME": words as they are in small letters, others by their source. */
static void offer_alternatives(const struct target *t, const char *text, size_t len)
{
	const char *end = text + len;

	while (text < end) {
		size_t n = strcspn(text, "|[]. ");
		const struct source *source;
		char name[64];

		if (n > (size_t)(end - text))
			n = (size_t)(end - text);
		source = find_source(text, n);
		snprintf(name, sizeof(name), "%.*s", (int)n, text);
		if (source)
			offer_source(t, source);
		else if (n && name[0] >= 'a' && name[0] <= 'z')
			offer(t, name, NULL);
		text += n + 1;
	}
}

/* The word of a usage line that stands at a place; the last one may be repeated ("FILE..."). */
static void offer_argument(const struct target *t, const char *usage, size_t place)
{
	for (;;) {
		size_t len = strcspn(usage, " ");
		bool last = usage[len] == '\0';

		if (place == 0 || (last && len > 3 && strncmp(usage + len - 3, "...", 3) == 0)) {
			offer_alternatives(t, usage, len);
			return;
		}
		if (last)
			return;
		usage += len + 1;
		place--;
	}
}

static void offer_value(const struct target *t, const struct opt *o)
{
	const struct source *source;
	char name[64];

	snprintf(name, sizeof(name), "--%s", o->name);
	source = find_source(name, strlen(name));
	if (!source && o->arg)
		source = find_source(o->arg, strlen(o->arg));
	if (o->type == OPT_T_BOOL)
		offer_alternatives(t, "yes|no", 6);
	else if (o->choices)
		offer_alternatives(t, o->choices, strlen(o->choices));
	else if (source)
		offer_source(t, source);
}

static void offer_flags(const struct target *t, const struct opt *table)
{
	char name[64];

	for_each_opt (o, table) {
		snprintf(name, sizeof(name), "--%s", o->name);
		offer(t, name, o->help);
	}
}

static const struct opt *find_long(const struct line *line, const char *word)
{
	const struct opt *o;
	char name[64];

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(word + 2, "="), word + 2);
	o = line->command ? opt_find(line->command->opts, name) : NULL;
	return o ? o : opt_find(common_opts, name);
}

static const struct opt *find_letter(const struct opt *table, char letter)
{
	for_each_opt (o, table) {
		if (o->letter == letter)
			return o;
	}
	return NULL;
}

/* --- -o key=value ------------------------------------------------------------------------------ */

/* The options of a unit; `prefix` before each, "zram." */
static void offer_keys(const struct target *t, const struct opt *table, const char *prefix)
{
	size_t len = strlen(prefix);
	struct target value = *t;
	char name[128];

	for_each_opt (o, table) {
		snprintf(name, sizeof(name), "%s%s=", prefix, o->name);
		offer(t, name, o->help);
		if (strncmp(t->part, name, len + strlen(o->name) + 1) != 0)
			continue;
		value.part = t->part + strlen(name);
		offer_value(&value, o);
	}
}

static bool is_among(const char *list, const char *name)
{
	size_t len = strlen(name);

	for (const char *p = list; p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL) {
		if (strcspn(p, ",") == len && strncmp(p, name, len) == 0)
			return true;
	}
	return false;
}

/* Those of the units that the line names; of all backends where it names none. */
static void offer_pairs(const struct target *t)
{
	const struct line *line = t->line;
	struct err ignored;
	char prefix[64];

	for (size_t i = 0; i < line->nr_args; i++) {
		const struct workload *w = workload_find(line->args[i], &ignored);
		const struct workload *m = w ? NULL : micro_find(line->args[i], &ignored);
		const struct backend *b = w || m ? NULL : backend_find(line->args[i], &ignored);

		offer_keys(t, w ? w->opts : m ? m->opts : b ? b->opts : NULL, "");
		if (b) /* of one backend alone: fmbench backend up NAME */
			return;
	}
	for (size_t i = 0; backend_table[i]; i++) {
		if (line->backends && !is_among(line->backends, backend_table[i]->name))
			continue;
		snprintf(prefix, sizeof(prefix), "%s.", backend_table[i]->name);
		offer_keys(t, backend_table[i]->opts, prefix);
	}
}

/* --- the line ----------------------------------------------------------------------------------- */

static void take_value(struct line *line, const struct opt *o, const char *value)
{
	if (strcmp(o->name, "backend") == 0)
		line->backends = value;
	else if (strcmp(o->name, "db") == 0)
		line->db = value;
}

static void take_option(struct line *line, const char *word)
{
	const struct opt *o = NULL;
	const char *equals = strchr(word, '=');

	if (word[1] == '-')
		o = find_long(line, word);
	else if (word[1] == 'o' && line->command && line->command->takes_pairs)
		line->pending_pair = word[2] == '\0';
	else if (line->command && !word[2])
		o = find_letter(line->command->opts, word[1]);
	if (!o || o->type == OPT_T_BOOL)
		return;
	if (equals)
		take_value(line, o, equals + 1);
	else
		line->pending = o;
}

static const struct command *find_command(const struct line *line, const char *name)
{
	for (const struct command *const *c = line->commands; *c; c++) {
		if (!(*c)->hidden && strcmp((*c)->name, name) == 0)
			return *c;
	}
	return NULL;
}

static void take_word(struct line *line, char *word)
{
	if (line->pending) {
		take_value(line, line->pending, word);
		line->pending = NULL;
	} else if (line->pending_pair) {
		line->pending_pair = false;
	} else if (strcmp(word, "--") == 0) {
		line->program = true;
	} else if (word[0] == '-' && word[1]) {
		take_option(line, word);
	} else if (line->command || line->nr_args) {
		line->args[line->nr_args++] = word;
	} else {
		line->command = find_command(line, word);
		if (!line->command)
			line->args[line->nr_args++] = word;
	}
}

static void offer_options(const struct target *t)
{
	const struct command *command = t->line->command;

	if (command)
		offer_flags(t, command->opts);
	if (command && command->takes_pairs)
		offer(t, "-o", "key=value: an option of the workload or a backend");
	offer_flags(t, common_opts);
	offer(t, "--help", "show the options");
	if (!command)
		offer(t, "--version", "show the version");
}

static void offer_words(struct target *t)
{
	const struct line *line = t->line;
	const struct opt *o = NULL;

	if (line->pending) {
		offer_value(t, line->pending);
	} else if (line->pending_pair) {
		offer_pairs(t);
	} else if (line->program) {
		offer_files(t);
	} else if (t->word[0] == '-' && strchr(t->word, '=')) {
		t->part = strchr(t->word, '=') + 1;
		o = t->word[1] == '-' ? find_long(line, t->word) : NULL;
		if (o)
			offer_value(t, o);
	} else if (t->word[0] == '-') {
		offer_options(t);
	} else if (line->command) {
		offer_argument(t, line->command->args, line->nr_args);
	} else if (line->nr_args == 0) {
		offer_commands(t);
		offer(t, "help", "a command's options");
	} else if (line->nr_args == 1 && strcmp(line->args[0], "help") == 0) {
		offer_commands(t);
	}
}

void complete(const struct command *const commands[], char *const words[], FILE *out)
{
	struct line line = { .commands = commands, .db = common.db };
	struct target t = { .line = &line, .out = out };
	size_t nr = 0;

	while (words[nr])
		nr++;
	line.args = xcalloc(nr + 1, sizeof(*line.args));
	for (size_t i = 0; i + 1 < nr; i++)
		take_word(&line, words[i]);
	t.word = t.part = nr ? words[nr - 1] : "";
	offer_words(&t);
	free(line.args);
}
