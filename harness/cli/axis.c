// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/cli/axis.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

/* The value of the last pair with the ladder's option; NULL: there is none. */
static const char *find_value(struct axis *a)
{
	const char *value = NULL;
	size_t len = strlen(a->ladder->option);

	for (size_t i = 0; i < a->cli->nr_pairs; i++) {
		if (strncmp(a->cli->pairs[i], a->ladder->option, len) != 0 ||
		    a->cli->pairs[i][len] != '=')
			continue;
		a->pair = i;
		value = a->cli->pairs[i] + len + 1;
	}
	return value;
}

/* A set with that value in place of what was typed. */
static int add_value(struct axis *a, const char *value, struct err *err)
{
	struct cli cli = *a->cli;
	struct buf text = BUF_INIT;
	void *params;
	int rc;

	buf_addf(&text, "%s=%s", a->ladder->option, value);
	a->labels = xreallocarray(a->labels, a->nr_labels + 1, sizeof(*a->labels));
	a->labels[a->nr_labels++] = buf_steal(&text);
	cli.pairs = xreallocarray(NULL, cli.nr_pairs + 1, sizeof(*cli.pairs));
	memcpy(cli.pairs, a->cli->pairs, (cli.nr_pairs + 1) * sizeof(*cli.pairs));
	cli.pairs[a->pair] = a->labels[a->nr_labels - 1];
	rc = choice_add_params(a->choice, &cli, &params, err);
	free(cli.pairs);
	return rc;
}

static int add_list(struct axis *a, const char *list, struct err *err)
{
	char *copy = xstrdup(list), *rest = copy, *word;
	int rc = 0;

	while (!rc && (word = strsep(&rest, ",")))
		rc = *word ? add_value(a, word, err)
			   : err_usage(err, "-o %s=%s: nothing stands before or after a comma",
				       a->ladder->option, list);
	free(copy);
	return rc;
}

int axis_add_params(struct axis *a, const struct cli *cli, struct choice *c, struct err *err)
{
	const char *value;
	void *params;

	*a = (struct axis){ .cli = cli, .choice = c, .ladder = c->workload->ladder };
	value = a->ladder ? find_value(a) : NULL;
	if (!value || (strcmp(value, "auto") != 0 && !strchr(value, ','))) {
		a->ladder = NULL;
		return choice_add_params(c, cli, &params, err);
	}
	a->automatic = strcmp(value, "auto") == 0;
	return a->automatic ? add_value(a, a->ladder->first, err) : add_list(a, value, err);
}

int axis_add_ladder(struct axis *a, double performance, struct err *err)
{
	int rc = 0;

	for (const double *share = a->ladder->shares; *share > 0 && !rc; share++) {
		double value = performance * *share, unit = pow(10, floor(log10(value)) - 1);
		char text[32];

		/* Two digits: more are noise. */
		snprintf(text, sizeof(text), "%.15g", round(value / unit) * unit);
		rc = add_value(a, text, err);
	}
	return rc;
}

void axis_release(struct axis *a)
{
	for (size_t i = 0; i < a->nr_labels; i++)
		free(a->labels[i]);
	free(a->labels);
	*a = (struct axis){ 0 };
}
