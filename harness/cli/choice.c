// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/cli/choice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/child.h"
#include "base/find_program.h"
#include "base/list.h"
#include "micro/micro.h"

/* What else the word may be that names no workload. err says so, or stays as it is. */
static void explain_word(const char *command, const char *word, struct err *err)
{
	struct err near = *err, ignored;
	const char *guess = strstr(near.msg, "did you mean");

	if (micro_find(word, &ignored))
		err_usage(err, "%s is a micro-benchmark: fmbench micro %s", word, word);
	else if (find_program(word, NULL, 0))
		err_usage(err,
			  "no workload '%s'; to run the program of that name put -- before it: "
			  "fmbench %s [options] -- %s%s%s",
			  word, command, word, guess ? "; or " : "", guess ? guess : "");
}

int choice_workload(struct choice *c, const struct cli *cli, struct err *err)
{
	const char *command = cli->command->name;

	if (cli->argv && cli->nr_args)
		return err_usage(err, "%s takes a WORKLOAD or `-- COMMAND`, not both ('%s')",
				 command, cli->args[0]);
	c->workload = cli->argv ? &workload_command : workload_find(cli->args[0], err);
	if (!c->workload) {
		explain_word(command, cli->args[0], err);
		return -EINVAL;
	}
	if (c->workload == &workload_command && !cli->argv)
		return err_usage(err,
				 "workload command runs a program of yours: fmbench %s [options] "
				 "-- COMMAND ARGS...",
				 command);
	return 0;
}

static void *params_new(const struct opt *opts, size_t size)
{
	void *params = xcalloc(1, size + 1);

	opt_defaults(opts, params);
	return params;
}

static void add_backend(struct choice *c, const struct backend *b)
{
	c->backends = xreallocarray(c->backends, c->nr_backends + 1, sizeof(*c->backends));
	c->backends[c->nr_backends++] =
		(struct choice_backend){ b, params_new(b->opts, b->params_size) };
}

static bool has_backend(const struct choice *c, const struct backend *b)
{
	for (size_t i = 0; i < c->nr_backends; i++) {
		if (c->backends[i].backend == b)
			return true;
	}
	return false;
}

int choice_backends(struct choice *c, const char *list, bool needs_far, struct err *err)
{
	char *copy = xstrdup(list ? list : "auto"), *rest = copy, *word;
	const struct backend *b;
	int rc = list_check(copy, "--backend", err);

	while (!rc && (word = strsep(&rest, ","))) {
		if (strcmp(word, "auto") != 0)
			b = backend_find(word, err);
		else
			b = needs_far ? backend_auto(err) : &backend_none;
		if (!b)
			rc = err->kind == ERR_MISSING ? -ENOENT : -EINVAL;
		else if (has_backend(c, b))
			rc = err_usage(
				err, "backend %s is there twice in '%s'; --repeat makes runs again",
				b->name, list);
		else
			add_backend(c, b);
	}
	free(copy);
	return rc;
}

static struct choice_backend *backend_of_pair(struct choice *c, const char *pair)
{
	for (size_t i = 0; i < c->nr_backends; i++) {
		if (backend_key(c->backends[i].backend, pair))
			return &c->backends[i];
	}
	return NULL;
}

int choice_add_params(struct choice *c, const struct cli *cli, void **ret, struct err *err)
{
	void *params = params_new(c->workload->opts, c->workload->params_size);
	char what[64];
	int rc = 0;

	c->params = xreallocarray(c->params, c->nr_params + 1, sizeof(*c->params));
	c->params[c->nr_params++] = params;
	for (size_t i = 0; i < cli->nr_pairs && !rc; i++) {
		struct choice_backend *b = backend_of_pair(c, cli->pairs[i]);

		if (b) {
			snprintf(what, sizeof(what), "backend %s", b->backend->name);
			rc = opt_set_pair(b->backend->opts, b->params,
					  backend_key(b->backend, cli->pairs[i]), what, err);
		} else {
			snprintf(what, sizeof(what), "workload %s", c->workload->name);
			rc = opt_set_pair(c->workload->opts, params, cli->pairs[i], what, err);
		}
	}
	*ret = params;
	return rc;
}

void choice_release(struct choice *c)
{
	for (size_t i = 0; i < c->nr_params; i++) {
		opt_release(c->workload->opts, c->params[i]);
		free(c->params[i]);
	}
	for (size_t i = 0; i < c->nr_backends; i++) {
		opt_release(c->backends[i].backend->opts, c->backends[i].params);
		free(c->backends[i].params);
	}
	free(c->params);
	free(c->backends);
	memset(c, 0, sizeof(*c));
}
