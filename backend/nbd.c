// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A network block device: served by a process on this machine through a socket pair, or by somebody
 * else's server (target). A server that is lost fails what was asked of it, and the device stays.
 */
#include "backend/nbd.h"

#include <fcntl.h>
#include <inttypes.h>
#include <linux/nbd.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "backend/module.h"
#include "backend/nbd_export.h"
#include "backend/nbd_kernel.h"
#include "backend/block_server.h"
#include "backend/swap_areas.h"
#include "base/alloc.h"
#include "base/clock.h"

struct nbd_params {
	struct device_params device;
	struct block_server_pace pace;
	char *target;
	uint64_t timeout_ns;
};

static const struct opt nbd_opts[] = {
	OPT_STRING(
		"target", struct nbd_params, target, NULL,
		"ADDRESS:PORT[,name=EXPORT]: somebody else's server; unset: one is started here"),
	OPT_DURATION("timeout", struct nbd_params, timeout_ns, "5s", 1e9, 600e9,
		     "a server that does not answer for so long is lost"),
	SERVER_OPTS(struct nbd_params, pace),
	DEVICE_OPTS(struct nbd_params, device),
	OPT_END,
};

static const char *const modules[] = { "nbd", NULL };

struct nbd {
	struct block_server server; /* of a server of fmbench's */
	int socket;		    /* the kernel's end: shows when the other one is gone */
	unsigned int number;
};

static int nbd_check(const void *params, struct err *err)
{
	const struct nbd_params *p = params;
	int rc = p->target ? nbd_export_check(p->target, err) : 0;

	if (!rc && p->target &&
	    (p->device.size_bytes || p->pace.delay_ns || p->pace.bandwidth_bytes))
		rc = err_usage(err,
			       "backend nbd: size, delay and bandwidth are of a server started "
			       "here; that of target= has its own");
	if (!rc)
		rc = device_check(&p->device, "nbd", modules, err);
	return rc || p->target ? rc : block_server_check(err);
}

static int start_server(struct nbd *n, const struct nbd_params *p, struct backend_ctx *ctx,
			struct nbd_device *device, struct journal *j, struct err *err)
{
	int rc = device_size(&p->device, ctx->need_bytes, &device->size_bytes, err);

	if (!rc)
		rc = block_server_start(&n->server, "nbd", NULL, NULL, device->size_bytes, &p->pace,
					ctx->state_dir, j, err);
	if (rc)
		return rc;
	n->socket = n->server.child.out_fd;
	n->server.child.out_fd = -1;
	device->flags = NBD_FLAG_HAS_FLAGS | NBD_FLAG_SEND_FLUSH;
	return 0;
}

static int connect_device(struct nbd *n, struct nbd_device *device, struct journal *j,
			  struct err *err)
{
	char number[16], identifier[SWAP_UUID_SIZE];
	int rc = swap_uuid(identifier, err);

	if (rc)
		return rc;
	device->identifier = identifier;
	device->socket = n->socket;
	device->number = nbd_free_number();
	snprintf(number, sizeof(number), "%u", device->number);
	rc = journal_add(j, err, "nbd", number, identifier, NULL);
	if (rc >= 0)
		rc = nbd_connect(device, err);
	n->number = device->number;
	device->identifier = NULL;
	return rc;
}

static int nbd_up(struct backend_ctx *ctx, struct journal *j, struct err *err)
{
	const struct nbd_params *p = ctx->params;
	struct nbd_device device = { .timeout_s = p->timeout_ns / NSEC_PER_SEC };
	struct nbd *n = xcalloc(1, sizeof(*n));
	char path[DEVICE_PATH_SIZE];
	int rc;

	ctx->state = n;
	n->server.child = (struct child)CHILD_INIT;
	n->socket = -1;
	rc = module_load(j, "nbd", "nbds_max=1", err); /* more are made when they are asked for */
	if (!rc && p->target) {
		n->socket = nbd_export_open(p->target, &device.size_bytes, &device.flags, err);
		rc = n->socket < 0 ? n->socket : 0;
	} else if (!rc) {
		rc = start_server(n, p, ctx, &device, j, err);
	}
	if (!rc)
		rc = connect_device(n, &device, j, err);
	if (rc)
		return rc;
	snprintf(path, sizeof(path), "/dev/nbd%u", n->number);
	if (!p->target)
		return device_swap_on(ctx, path, &p->device, j, err);
	rc = device_wait(path, err);
	return rc ? rc : device_lent_swap_on(ctx, path, p->target, p->device.priority, j, err);
}

int nbd_undo(char *const args[JOURNAL_MAX_ARGS], struct err *err)
{
	uint64_t number;

	if (parse_u64(args[0], &number) != 0 || number > UINT16_MAX)
		return err_usage(err, "NBD device number \"%s\"", args[0]);
	return nbd_is((unsigned int)number, args[1]) ? nbd_disconnect((unsigned int)number, err)
						     : 0;
}

static void nbd_facts(const struct backend_ctx *ctx, struct facts *facts)
{
	const struct nbd_params *p = ctx->params;
	const struct nbd *n = ctx->state;

	swap_area_facts(ctx, facts);
	facts_set(facts, "nbd_server", "%s", p->target ? p->target : "this machine");
	facts_set(facts, "nbd_timeout_s", "%" PRIu64, (uint64_t)(p->timeout_ns / NSEC_PER_SEC));
	if (!p->target)
		block_server_facts(&n->server, &p->pace, facts);
}

static int nbd_health(struct backend_ctx *ctx, struct err *err)
{
	const struct nbd_params *p = ctx->params;
	struct nbd *n = ctx->state;
	struct pollfd end = { .fd = n->socket, .events = POLLRDHUP };
	int rc = swap_area_health(ctx, err);

	if (rc || poll(&end, 1, 0) <= 0)
		return rc;
	return err_failed(err, 0, "the NBD server %s%s is lost: its connection has ended",
			  p->target ? "at " : "of this run", p->target ? p->target : "");
}

static void nbd_release(struct backend_ctx *ctx)
{
	struct nbd *n = ctx->state;

	if (!n)
		return;
	if (n->socket >= 0)
		close(n->socket);
	block_server_release(&n->server);
	free(n);
	ctx->state = NULL;
}

const struct backend backend_nbd = {
	.name = "nbd",
	.summary = "a network block device, served by a process here or elsewhere",
	.opts = nbd_opts,
	.params_size = sizeof(struct nbd_params),
	.caps = CAP_SWAP | CAP_REMOTE,
	.usage = swap_usage,
	.check = nbd_check,
	.up = nbd_up,
	.facts = nbd_facts,
	.health = nbd_health,
	.release = nbd_release,
};
