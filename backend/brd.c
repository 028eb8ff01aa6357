// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel's own RAM disk, brd, as the swap area: what the block layer alone costs, with a copy of
 * 4 KiB at its end. Documentation/admin-guide/blockdev/ramdisk.rst.
 */
#include <inttypes.h>
#include <stdio.h>

#include "backend/device.h"
#include "backend/module.h"
#include "backend/swap_areas.h"
#include "base/sysfile.h"

struct brd_params {
	struct device_params device;
};

static const struct opt brd_opts[] = { DEVICE_OPTS(struct brd_params, device), OPT_END };
static const char *const modules[] = { "brd", NULL };

/* Size and number are the module's parameters: whoever loaded it has set them. */
static int is_free(struct err *err)
{
	if (!sysfile_exists("/sys/block/ram0"))
		return 0;
	return err_missing(
		err, "/dev/ram0 is there already: brd takes its size once, when it is loaded; "
		     "rmmod brd, or use --backend delay -o latency=0");
}

static int brd_check(const void *params, struct err *err)
{
	const struct brd_params *p = params;
	int rc = device_check(&p->device, "brd", modules, err);

	return rc ? rc : is_free(err);
}

static int brd_up(struct backend_ctx *ctx, struct journal *j, struct err *err)
{
	const struct brd_params *p = ctx->params;
	char options[64];
	uint64_t size_bytes;
	int rc = is_free(err);

	if (!rc)
		rc = device_size(&p->device, ctx->need_bytes, &size_bytes, err);
	if (rc)
		return rc;
	snprintf(options, sizeof(options), "rd_nr=1 rd_size=%" PRIu64, size_bytes / 1024);
	rc = module_load(j, "brd", options, err);
	return rc ? rc : device_swap_on(ctx, "/dev/ram0", &p->device, j, err);
}

const struct backend backend_brd = {
	.name = "brd",
	.summary = "a RAM disk of the kernel's: what the block layer alone costs",
	.opts = brd_opts,
	.params_size = sizeof(struct brd_params),
	.caps = CAP_SWAP,
	.usage = swap_usage,
	.check = brd_check,
	.up = brd_up,
	.facts = swap_area_facts,
	.health = swap_area_health,
};
