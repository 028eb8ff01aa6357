// SPDX-License-Identifier: GPL-2.0
/*
 * Linux 5.17 to 6.5: frontswap has room for one set of ops, and zswap takes it at boot, switched on
 * or not. We exchange the pointer and pass what is not ours on to the ops that were there, so that
 * zswap goes on serving other areas.
 */
#include <linux/delay.h>
#include <linux/frontswap.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>

#include "fastswap.h"

static const struct frontswap_ops **current_ops;
static const struct frontswap_ops *previous;

/* Tasks that went through us to the previous ops and are not back; they may sleep there. */
static DEFINE_PER_CPU(long, passing);

static long nr_passing(void)
{
	long sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu(passing, cpu));
	return sum;
}

static void init(unsigned int type)
{
	this_cpu_inc(passing);
	fastswap_area_on(type);
	previous->init(type);
	this_cpu_dec(passing);
}

static noinline int store_elsewhere(unsigned int type, pgoff_t slot, struct page *page)
{
	int err;

	this_cpu_inc(passing);
	err = previous->store(type, slot, page);
	this_cpu_dec(passing);
	return err;
}

static noinline int load_elsewhere(unsigned int type, pgoff_t slot, struct page *page)
{
	int err;

	this_cpu_inc(passing);
	err = previous->load(type, slot, page);
	this_cpu_dec(passing);
	return err;
}

static int store(unsigned int type, pgoff_t slot, struct page *page)
{
	if (!fastswap_owns(type))
		return store_elsewhere(type, slot, page);
	/* frontswap keeps one bit for the whole of a huge page: leave those to the device. */
	if (PageTransHuge(page))
		return -EOPNOTSUPP;
	return fastswap_store(slot, page, VIA_HOOK);
}

static int load(unsigned int type, pgoff_t slot, struct page *page)
{
	if (!fastswap_owns(type))
		return load_elsewhere(type, slot, page);
	if (fastswap_in_window())
		return -EAGAIN;
	return fastswap_load(slot, page, VIA_HOOK);
}

/* For our own area the device hears of every freed slot, stored by the hook or not. */
static void invalidate_page(unsigned int type, pgoff_t slot)
{
	if (fastswap_owns(type))
		return;
	this_cpu_inc(passing);
	previous->invalidate_page(type, slot);
	this_cpu_dec(passing);
}

static void invalidate_area(unsigned int type)
{
	this_cpu_inc(passing);
	fastswap_area_off(type);
	previous->invalidate_area(type);
	this_cpu_dec(passing);
}

static const struct frontswap_ops *theirs __maybe_unused;
FASTSWAP_SAME_PROTOTYPE(theirs->init, void (*)(unsigned int), "frontswap_ops.init");
FASTSWAP_SAME_PROTOTYPE(theirs->store, &store, "frontswap_ops.store");
FASTSWAP_SAME_PROTOTYPE(theirs->load, &load, "frontswap_ops.load");
FASTSWAP_SAME_PROTOTYPE(theirs->invalidate_page, &invalidate_page, "frontswap_ops.invalidate_page");
FASTSWAP_SAME_PROTOTYPE(theirs->invalidate_area, void (*)(unsigned int), "frontswap_ops.invalidate_area");

static const struct frontswap_ops ops = {
	.init = init,
	.store = store,
	.load = load,
	.invalidate_page = invalidate_page,
	.invalidate_area = invalidate_area,
};

static int install(void)
{
	current_ops = fastswap_symbol("frontswap_ops");
	if (!current_ops) {
		pr_err(FASTSWAP_NAME ": no symbol frontswap_ops: the kernel needs CONFIG_FRONTSWAP "
		       "and CONFIG_KALLSYMS_ALL\n");
		return -ENOENT;
	}
	previous = READ_ONCE(*current_ops);
	if (!previous) {
		pr_err(FASTSWAP_NAME ": frontswap is not in use: the kernel needs CONFIG_ZSWAP\n");
		return -EOPNOTSUPP;
	}
	WRITE_ONCE(*current_ops, &ops);
	return 0;
}

/*
 * No area of ours is on any more, so what runs in here is on its way to the previous ops or back.
 * After the first grace period no task is before its passing++, and the count can only fall; after
 * the second none is behind its passing--.
 */
static void remove(void)
{
	WRITE_ONCE(*current_ops, previous);
	synchronize_rcu_tasks();
	while (nr_passing())
		msleep(1);
	synchronize_rcu_tasks();
}

const struct fastswap_hook fastswap_hook_of_version = {
	.name = "frontswap-pointer",
	.install = install,
	.remove = remove,
};
