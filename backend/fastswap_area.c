// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/fastswap_area.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/module.h"
#include "backend/swap_areas.h"
#include "base/clock.h"
#include "base/process.h"
#include "base/sysfile.h"

#define DEVICE		   "/dev/fastswap0"
#define PARAMETERS	   "/sys/module/fastswap/parameters"
#define DEBUGFS		   "/sys/kernel/debug/fastswap"
#define DEVICE_PATIENCE_NS (5 * NSEC_PER_SEC) /* until udev or devtmpfs shows it */

static bool module_in(const char *dir, const char *name, char *dst, size_t size)
{
	return snprintf(dst, size, "%s/%s.ko", dir, name) < (int)size && access(dst, R_OK) == 0;
}

/*
 * Where a module is: in DIR of the option; in build/modules beside this program; in the lab guest
 * among those built for its kernel (lab/fmlab build); else by name in the kernel's module tree.
 * dst: path or name.
 */
static bool find_module(const struct fastswap_params *p, const char *name, char *dst, size_t size)
{
	const char *kernel = getenv("FMLAB_KERNEL"), *built = getenv("FMLAB_BUILD");
	char dir[PATH_MAX];

	if (p->modules)
		return module_in(p->modules, name, dst, size);
	if (kernel && built) {
		snprintf(dir, sizeof(dir), "%.3000s/lab/%.64s/fastswap", built, kernel);
		if (module_in(dir, name, dst, size))
			return true;
	}
	if (!kernel && process_beside(dir, sizeof(dir), "modules") == 0 &&
	    module_in(dir, name, dst, size))
		return true;
	snprintf(dst, size, "%s", name);
	return module_available(name);
}

int fastswap_check(const struct fastswap_params *p, const char *pool, struct err *err)
{
	const char *names[] = { "fastswap", pool }, *kernel = getenv("FMLAB_KERNEL");
	char path[PATH_MAX];

	for (size_t i = 0; i < 2; i++) {
		if (find_module(p, names[i], path, sizeof(path)))
			continue;
		if (kernel)
			return err_missing(err,
					   "no module %s for the lab's kernel: `lab/fmlab build "
					   "--kernel %s modules` on the host builds it",
					   names[i], kernel);
		return err_missing(
			err,
			"no module %s for this kernel: `make modules` or the package fmbench-dkms "
			"builds it where kernel headers are installed, and --in-lab has a kernel "
			"with them",
			names[i]);
	}
	return swap_area_may(err);
}

static int wait_for_device(struct err *err)
{
	uint64_t deadline = clock_ns() + DEVICE_PATIENCE_NS;

	while (access(DEVICE, F_OK) != 0) {
		if (clock_ns() > deadline)
			return err_failed(err, 0, "%s did not appear: see the kernel's log (dmesg)",
					  DEVICE);
		usleep(1000);
	}
	return 0;
}

bool fastswap_is_up(const char *pool)
{
	struct swap_areas areas;
	char path[128];
	bool on;

	snprintf(path, sizeof(path), "/sys/module/%s", pool);
	if (!sysfile_exists(path) || swap_areas_read(&areas, NULL) < 0)
		return false;
	on = swap_areas_find(&areas, DEVICE);
	swap_areas_release(&areas);
	return on;
}

int fastswap_take(struct backend_ctx *ctx, struct err *err)
{
	const struct swap_area *area;
	struct swap_areas areas;
	char has[16], needs[16];
	int rc = swap_areas_read(&areas, err);

	if (rc < 0)
		return rc;
	area = swap_areas_find(&areas, DEVICE);
	if (!area)
		rc = err_failed(err, 0, "%s was turned off just now", DEVICE);
	else if (area->size_bytes - area->used_bytes < ctx->need_bytes) {
		format_size(has, sizeof(has), area->size_bytes - area->used_bytes);
		format_size(needs, sizeof(needs), ctx->need_bytes);
		rc = err_missing(err,
				 "%s, which is up already, has %s free and %s may be needed: "
				 "`fmbench backend down %s`, and let the run bring it up",
				 DEVICE, has, needs, ctx->backend->name);
	}
	swap_areas_release(&areas);
	ctx->taken = !rc;
	return rc ? rc : swap_area_name(ctx, DEVICE, err);
}

int fastswap_up(struct backend_ctx *ctx, const struct fastswap_params *p, const char *pool,
		const char *pool_options, struct journal *j, struct err *err)
{
	char path[PATH_MAX], options[256], uuid[SWAP_UUID_SIZE];
	int rc;

	if (sysfile_exists("/sys/module/fastswap"))
		return err_failed(err, 0,
				  "module fastswap is loaded already, without %s beneath a swap "
				  "area: `fmbench backend status` tells whose it is; take that "
				  "down, or rmmod it",
				  pool);
	snprintf(options, sizeof(options), "hook=%s latency=%d%s%s", p->hook, p->latency,
		 p->inject ? " inject=" : "", p->inject ? p->inject : "");
	find_module(p, "fastswap", path, sizeof(path));
	rc = module_load(j, path, options, err);
	if (rc)
		return rc;
	find_module(p, pool, path, sizeof(path));
	rc = module_load(j, path, pool_options, err);
	if (!rc)
		rc = wait_for_device(err);
	if (!rc)
		rc = swap_uuid(uuid, err);
	if (!rc)
		rc = swap_area_on(j, DEVICE, uuid, p->priority, err);
	return rc ? rc : swap_area_name(ctx, DEVICE, err);
}

static void fact_from(struct facts *facts, const char *name, const char *path)
{
	char line[256];

	if (sysfile_read_line(path, line, sizeof(line)) == 0)
		facts_set(facts, name, "%s", line);
}

void fastswap_facts(const struct backend_ctx *ctx, struct facts *facts)
{
	uint64_t bytes;

	swap_area_facts(ctx, facts);
	if (ctx->taken)
		facts_set(facts, "backend_taken",
			  "yes: up before the run, with the options it was brought up with");
	fact_from(facts, "fastswap_hook", PARAMETERS "/hook");
	fact_from(facts, "fastswap_inject", PARAMETERS "/inject");
	fact_from(facts, "fastswap_latency", PARAMETERS "/latency");
	fact_from(facts, "fastswap_srcversion", "/sys/module/fastswap/srcversion");
	if (sysfile_read_key(DEBUGFS "/stats", "pool_bytes", &bytes) == 0)
		facts_set(facts, "fastswap_pool_bytes", "%llu", (unsigned long long)bytes);
}

/* The "health" row of debugfs pool: "ok" or the errno's name. */
int fastswap_health(struct backend_ctx *ctx, struct err *err)
{
	struct buf b = BUF_INIT;
	char *health;
	int rc = swap_area_health(ctx, err);

	if (rc == 0 && sysfile_read(DEBUGFS "/pool", &b) == 0) {
		health = strstr(b.data, "health ");
		if (health && strncmp(health, "health ok", strlen("health ok")) != 0)
			rc = err_failed(err, 0,
					"the far memory pool is lost (%.*s); see the kernel's "
					"log (dmesg)",
					(int)strcspn(health, "\n"), health);
	}
	buf_release(&b);
	return rc;
}

const struct backend_usage fastswap_usage[] = {
	{ USAGE_LOCAL, "memory_usage", "memory.current" },
	{ USAGE_FAR, "memory_usage", "memory.swap.current" },
	{ USAGE_PAGE_INS, "memory_stat", "workingset_refault_anon" },
	{ USAGE_PAGE_INS, "memory_stat", "pgmajfault" },
	{ USAGE_PAGE_OUTS, "fastswap", "stores" },
	FASTSWAP_ACCOUNT,
	{ NULL, NULL, NULL },
};
