// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/plan/experiment.h"

#include <fnmatch.h>
#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/names.h"
#include "base/process.h"

#define MAX_CELLS 100000

const struct opt experiment_opts[] = {
	OPT_STRING("name", struct experiment, name, NULL, "the label of its runs"),
	OPT_STRING("question", struct experiment, question, NULL, "what it answers"),
	OPT_STRING("figure", struct experiment, figure, NULL, "what draws the answer"),
	OPT_U64("repeat", struct experiment, repeat, "1", 1, 10000, "rounds"),
	OPT_U64("seed", struct experiment, seed, "1", 0, 9e18, "of workloads and order"),
	OPT_END,
};

bool experiment_find(const char *word, char *ret_path, size_t size)
{
	static const char *const forms[] = { "experiments/%s.ini", "experiments/%s", "%s" };
	char name[PATH_MAX];

	if (word[0] == '/' || strstr(word, "..") || access(word, F_OK) == 0)
		return false;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		snprintf(name, sizeof(name), forms[i], word);
		if (fnmatch("experiments/*.ini", name, 0) == 0 &&
		    process_share(ret_path, size, name) == 0)
			return true;
	}
	return false;
}

bool experiment_near(const char *word, char *ret_name, size_t size)
{
	static const char *const folders[] = { "experiments", "experiments/papers" };
	char pattern[PATH_MAX];
	glob_t found = { 0 };
	const char *near;
	size_t nr = 0;

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		if (process_share(pattern, sizeof(pattern) - 8, folders[i]) != 0)
			continue;
		strcat(pattern, "/*.ini");
		glob(pattern, nr++ ? GLOB_APPEND : 0, NULL, &found);
	}
	/* Their names alone, in the same array, which NULL ends. */
	for (size_t i = 0; i < found.gl_pathc; i++) {
		char *slash = strrchr(found.gl_pathv[i], '/'), *name = found.gl_pathv[i];

		memmove(name, slash + 1, strlen(slash));
		name[strlen(name) - strlen(".ini")] = '\0';
	}
	near = found.gl_pathc ? did_you_mean(word, (const char *const *)found.gl_pathv) : NULL;
	if (near)
		snprintf(ret_name, size, "%s", near);
	if (nr)
		globfree(&found);
	return near;
}

const void *experiment_keep_set(struct experiment *e, const struct opt *opts, void *values)
{
	struct buf json = BUF_INIT;

	opt_json(opts, values, &json);
	for (size_t i = 0; i < e->nr_sets; i++) {
		if (e->sets[i].opts != opts || strcmp(e->sets[i].json, json.data) != 0)
			continue;
		opt_release(opts, values);
		free(values);
		buf_release(&json);
		return e->sets[i].values;
	}
	e->sets = xreallocarray(e->sets, e->nr_sets + 1, sizeof(*e->sets));
	e->sets[e->nr_sets++] = (struct parameter_set){ opts, values, buf_steal(&json) };
	return values;
}

char *const *experiment_keep_command(struct experiment *e, const char *line)
{
	char **argv;

	for (size_t i = 0; i < e->nr_commands; i++) {
		if (strcmp(e->commands[i][2], line) == 0)
			return e->commands[i];
	}
	argv = xcalloc(4, sizeof(*argv));
	argv[0] = xstrdup("sh");
	argv[1] = xstrdup("-c");
	argv[2] = xstrdup(line);
	e->commands = xreallocarray(e->commands, e->nr_commands + 1, sizeof(*e->commands));
	e->commands[e->nr_commands++] = argv;
	return argv;
}

const char *experiment_keep_label(struct experiment *e, char *label)
{
	e->labels = xreallocarray(e->labels, e->nr_labels + 1, sizeof(*e->labels));
	e->labels[e->nr_labels] = label;
	return e->labels[e->nr_labels++];
}

int experiment_add(struct experiment *e, const struct cell *cell, struct err *err)
{
	if (e->nr_cells + e->repeat > MAX_CELLS)
		return err_usage(err, "more than %d runs; shorten the lists or repeat", MAX_CELLS);
	for (int repeat = 1; repeat <= (int)e->repeat; repeat++) {
		if ((e->nr_cells & (e->nr_cells - 1)) == 0) /* full at powers of two */
			e->cells = xreallocarray(e->cells, 2 * e->nr_cells + 1, sizeof(*e->cells));
		e->cells[e->nr_cells] = *cell;
		e->cells[e->nr_cells++].repeat = repeat;
	}
	return 0;
}

void experiment_release(struct experiment *e)
{
	for (size_t i = 0; i < e->nr_sets; i++) {
		opt_release(e->sets[i].opts, e->sets[i].values);
		free(e->sets[i].values);
		free(e->sets[i].json);
	}
	for (size_t i = 0; i < e->nr_commands; i++) {
		for (size_t j = 0; e->commands[i][j]; j++)
			free(e->commands[i][j]);
		free(e->commands[i]);
	}
	for (size_t i = 0; i < e->nr_labels; i++)
		free(e->labels[i]);
	free(e->sets);
	free(e->commands);
	free(e->labels);
	free(e->cells);
	opt_release(experiment_opts, e);
	memset(e, 0, sizeof(*e));
}
