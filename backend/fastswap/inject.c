// SPDX-License-Identifier: GPL-2.0
/* Fault injection: inject=load_fail:N,store_fail:N,flip:N, each for every Nth page, or none. */
#include <linux/atomic.h>
#include <linux/highmem.h>
#include <linux/kernel.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "fastswap.h"

DEFINE_STATIC_KEY_FALSE(fastswap_injecting);

enum fault { LOAD_FAIL, STORE_FAIL, FLIP, NR_FAULTS };

static struct {
	const char *name;
	unsigned int every;
	atomic_t seen;
} faults[NR_FAULTS] = {
	[LOAD_FAIL] = { .name = "load_fail" },
	[STORE_FAIL] = { .name = "store_fail" },
	[FLIP] = { .name = "flip" },
};

static bool due(enum fault fault)
{
	unsigned int every = READ_ONCE(faults[fault].every);

	return every && (unsigned int)atomic_inc_return(&faults[fault].seen) % every == 0;
}

bool fastswap_inject_load_fail(void)
{
	return due(LOAD_FAIL);
}

bool fastswap_inject_store_fail(void)
{
	return due(STORE_FAIL);
}

void fastswap_inject_flip(struct page *page)
{
	u8 *bytes;

	if (!due(FLIP))
		return;
	bytes = kmap_atomic(page);
	bytes[PAGE_SIZE / 2] ^= 1;
	kunmap_atomic(bytes);
}

static int parse(char *spec, unsigned int every[NR_FAULTS])
{
	char *word, *name;
	int i, err;

	if (!strcmp(spec, "none"))
		return 0;
	while ((word = strsep(&spec, ","))) {
		name = strsep(&word, ":");
		for (i = 0; i < NR_FAULTS && strcmp(name, faults[i].name); i++)
			;
		if (i == NR_FAULTS || !word)
			return -EINVAL;
		err = kstrtouint(word, 10, &every[i]);
		if (err || !every[i])
			return -EINVAL;
	}
	return 0;
}

static int inject_set(const char *value, const struct kernel_param *param)
{
	unsigned int every[NR_FAULTS] = {};
	char *spec = kstrdup(value, GFP_KERNEL);
	bool any = false;
	int i, err;

	if (!spec)
		return -ENOMEM;
	err = parse(strim(spec), every);
	kfree(spec);
	if (err) {
		pr_err(FASTSWAP_NAME ": inject=%s: take none, or load_fail:N, store_fail:N, flip:N "
		       "with commas between\n", value);
		return err;
	}
	for (i = 0; i < NR_FAULTS; i++) {
		WRITE_ONCE(faults[i].every, every[i]);
		atomic_set(&faults[i].seen, 0);
		any |= every[i] > 0;
	}
	if (any)
		static_branch_enable(&fastswap_injecting);
	else
		static_branch_disable(&fastswap_injecting);
	return 0;
}

static int inject_get(char *buffer, const struct kernel_param *param)
{
	int i, len = 0;

	for (i = 0; i < NR_FAULTS; i++)
		if (faults[i].every)
			len += sprintf(buffer + len, "%s%s:%u", len ? "," : "", faults[i].name,
				       faults[i].every);
	return len ? len + sprintf(buffer + len, "\n") : sprintf(buffer, "none\n");
}

static const struct kernel_param_ops inject_ops = { .set = inject_set, .get = inject_get };

module_param_cb(inject, &inject_ops, NULL, 0644);
MODULE_PARM_DESC(inject, "none, or any of load_fail:N, store_fail:N, flip:N, comma-separated");
