// SPDX-License-Identifier: GPL-2.0-or-later
/* Any program of the user's, from its start to its own exit: fmbench run -- COMMAND ARGS… */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "workloads/workload.h"

#define GRACE_MS 2000

struct program {
	struct child child;
	char *log_path;
};

static const struct metric metrics[] = {
	{ "elapsed", "s", BETTER_LOWER, "from the command's start to its exit" },
	{ "user", "s", BETTER_LOWER, "CPU time in user mode, with the children it waited for" },
	{ "system", "s", BETTER_LOWER, "CPU time in the kernel, with the children it waited for" },
	{ .name = NULL },
};

static int command_check(const void *params, char *const *argv, struct err *err)
{
	(void)params;
	if (!argv || !argv[0])
		return err_usage(err, "which command? Give it after --, as in `fmbench run -- "
				      "sort big.txt`");
	if (!child_find_program(argv[0], NULL, 0))
		return err_missing(err, "no program '%s'; check its name, or give its whole path",
				   argv[0]);
	return 0;
}

static int command_start(struct workload_ctx *ctx, struct err *err)
{
	struct program *c = xcalloc(1, sizeof(*c));
	struct buf path = BUF_INIT;

	c->child = (struct child)CHILD_INIT;
	buf_addf(&path, "%s/command.log", ctx->dir);
	c->log_path = buf_steal(&path);
	ctx->state = c;
	return child_spawn(&c->child, ctx->argv, ctx->inside, CHILD_LOG, c->log_path, err);
}

static int command_poll(struct workload_ctx *ctx, int timeout_ms, struct err *err)
{
	struct program *c = ctx->state;
	char how[128], tail[512];
	int ended = child_wait(&c->child, timeout_ms, err);

	if (ended <= 0)
		return ended;
	if (WIFEXITED(c->child.status) && WEXITSTATUS(c->child.status) == 0)
		return 1;

	child_describe(&c->child, how, sizeof(how));
	child_log_tail(c->log_path, tail, sizeof(tail));
	return err_failed(err, 0, "command %s %s; %s%s (all of it: %s)", ctx->argv[0], how,
			  *tail ? "its last output: " : "it printed nothing", tail, c->log_path);
}

static void command_stop(struct workload_ctx *ctx)
{
	struct program *c = ctx->state;

	child_stop(&c->child, GRACE_MS);
}

static double seconds(const struct timeval *t)
{
	return (double)t->tv_sec + (double)t->tv_usec / 1e6;
}

static int command_parse(struct workload_ctx *ctx, uint64_t begin_ns, uint64_t end_ns,
			 struct results *results, struct err *err)
{
	const struct child *child = &((struct program *)ctx->state)->child;

	(void)begin_ns, (void)end_ns;
	if (!child->reaped)
		return err_failed(err, 0, "command %s has not ended", ctx->argv[0]);

	results_add_metric(results, &metrics[0], (double)(child->end_ns - child->start_ns) / 1e9);
	results_add_metric(results, &metrics[1], seconds(&child->usage.ru_utime));
	results_add_metric(results, &metrics[2], seconds(&child->usage.ru_stime));
	return 0;
}

static void command_release(struct workload_ctx *ctx)
{
	struct program *c = ctx->state;

	if (!c)
		return;
	child_release(&c->child);
	free(c->log_path);
	free(c);
	ctx->state = NULL;
}

const struct workload workload_command = {
	.name = "command",
	.summary = "any program of yours, to its exit: fmbench run -- COMMAND ARGS…",
	.shape = WORKLOAD_BATCH,
	.metrics = metrics,
	.check = command_check,
	.start = command_start,
	.poll = command_poll,
	.stop = command_stop,
	.parse = command_parse,
	.release = command_release,
};
