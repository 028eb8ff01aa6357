// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A block device in user space: a process of fmbench's with memory, behind io_uring. When it dies the
 * device stays and requests wait, until a second one is put in its place that fails them.
 */
#include "backend/ublk.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "backend/block_server.h"
#include "backend/swap_areas.h"
#include "base/alloc.h"
#include "base/log.h"
#include "base/process.h"
#include "base/sysfile.h"

struct ublk_params {
	struct device_params device;
	struct block_server_pace pace;
	bool may_oops;
};

static const struct opt ublk_opts[] = {
	OPT_BOOL(
		"may-oops", struct ublk_params, may_oops, "no",
		"take a kernel that oopses when the server is killed (Linux 6.12); the lab's guest "
		"is taken anyway"),
	SERVER_OPTS(struct ublk_params, pace),
	DEVICE_OPTS(struct ublk_params, device),
	OPT_END,
};

static const char *const modules[] = { "ublk_drv", NULL };

struct ublk {
	struct block_server server;
	char number[16], cookie[24];
	bool replaced; /* by one that fails each request */
};

bool ublk_may_oops(void)
{
	char release[128];

	return sysfile_read_line("/proc/sys/kernel/osrelease", release, sizeof(release)) == 0 &&
	       strncmp(release, "6.12.", strlen("6.12.")) == 0;
}

/* A guest of the lab is nobody's loss. */
static int check_oops(const struct ublk_params *p, struct err *err)
{
	if (!ublk_may_oops() || p->may_oops || getenv("FMLAB"))
		return 0;
	return err_missing(err,
			   "this kernel (Linux 6.12) oopses when the server of a ublk device in "
			   "use is killed: boot another one, use --in-lab, or take the risk with "
			   "-o ublk.may-oops=yes");
}

static int ublk_check(const void *params, struct err *err)
{
	const struct ublk_params *p = params;
	int rc = check_oops(p, err);

	if (!rc)
		rc = device_check(&p->device, "ublk", modules, err);

	return rc ? rc : block_server_check(err);
}

static void pick_number(char number[16])
{
	unsigned int n = 0;
	char path[64];

	do {
		snprintf(number, 16, "%u", n++);
		snprintf(path, sizeof(path), "/dev/ublkc%s", number);
	} while (access(path, F_OK) == 0);
}

/* Of the server whose pid is in the journal by now. */
static int journal_answer(const struct ublk *u, struct journal *j, struct err *err)
{
	char pid[16], start[32];
	uint64_t ticks;
	int rc = process_start(u->server.child.pid, &ticks);

	if (rc)
		return err_failed(err, -rc, "the ublk server has ended");
	snprintf(pid, sizeof(pid), "%d", (int)u->server.child.pid);
	snprintf(start, sizeof(start), "%" PRIu64, ticks);
	rc = journal_add(j, err, "ublk_answer", u->number, u->cookie, pid, start, NULL);
	return rc < 0 ? rc : 0;
}

static int ublk_up(struct backend_ctx *ctx, struct journal *j, struct err *err)
{
	const struct ublk_params *p = ctx->params;
	struct ublk *u = xcalloc(1, sizeof(*u));
	char path[DEVICE_PATH_SIZE];
	uint64_t size_bytes, cookie;
	int rc = device_size(&p->device, ctx->need_bytes, &size_bytes, err);

	ctx->state = u;
	u->server.child = (struct child)CHILD_INIT;
	if (ublk_may_oops())
		log_warn(
			"this kernel (Linux 6.12) oopses when the ublk server is killed: end fmbench, "
			"never the server");
	if (!rc)
		rc = device_load(modules, j, err);
	if (!rc && getrandom(&cookie, sizeof(cookie), 0) != sizeof(cookie))
		rc = err_failed(err, errno, "getrandom");
	if (rc)
		return rc;
	snprintf(u->cookie, sizeof(u->cookie), "%" PRIu64, cookie);
	pick_number(u->number);
	rc = journal_add(j, err, "ublk", u->number, u->cookie, NULL);
	if (rc < 0)
		return rc;
	rc = block_server_start(&u->server, "ublk", u->number, u->cookie, size_bytes, &p->pace,
				ctx->state_dir, j, err);
	if (rc)
		return rc;
	snprintf(path, sizeof(path), "/dev/ublkb%s", u->number);
	rc = device_swap_on(ctx, path, &p->device, j, err);
	return rc ? rc : journal_answer(u, j, err);
}

int ublk_undo(char *const args[JOURNAL_MAX_ARGS], struct err *err)
{
	char path[64];

	snprintf(path, sizeof(path), "/dev/ublkc%.16s", args[0]);
	return access(path, F_OK) == 0 ? block_server_call("ublk-end", args[0], args[1], err) : 0;
}

int ublk_answer_undo(char *const args[JOURNAL_MAX_ARGS], struct err *err)
{
	pid_t pid = atoi(args[2]);

	if (process_alive(pid, strtoull(args[3], NULL, 10)))
		return 0;
	return block_server_leave("ublk-fail", args[0], args[1], err);
}

static void ublk_facts(const struct backend_ctx *ctx, struct facts *facts)
{
	const struct ublk_params *p = ctx->params;
	const struct ublk *u = ctx->state;

	swap_area_facts(ctx, facts);
	facts_set(facts, "ublk_may_oops", "%s", ublk_may_oops() ? "yes" : "no");
	block_server_facts(&u->server, &p->pace, facts);
}

static int ublk_health(struct backend_ctx *ctx, struct err *err)
{
	struct ublk *u = ctx->state;
	struct err ignored = { 0 };
	char how[128];
	int rc = swap_area_health(ctx, err);

	if (rc || !block_server_is_dead(&u->server))
		return rc;
	if (!u->replaced)
		u->replaced = block_server_leave("ublk-fail", u->number, u->cookie, &ignored) == 0;
	child_describe(&u->server.child, how, sizeof(how));
	return err_failed(err, 0, "the ublk server %s; what was in its memory is lost", how);
}

static void ublk_release(struct backend_ctx *ctx)
{
	struct ublk *u = ctx->state;

	if (u)
		block_server_release(&u->server);
	free(u);
	ctx->state = NULL;
}

const struct backend backend_ublk = {
	.name = "ublk",
	.summary = "a block device in user space, served by a process of fmbench's",
	.opts = ublk_opts,
	.params_size = sizeof(struct ublk_params),
	.caps = CAP_SWAP,
	.usage = swap_usage,
	.check = ublk_check,
	.up = ublk_up,
	.facts = ublk_facts,
	.health = ublk_health,
	.release = ublk_release,
};
