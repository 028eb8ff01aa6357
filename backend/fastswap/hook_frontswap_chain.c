// SPDX-License-Identifier: GPL-2.0
/*
 * Linux 5.10 to 5.16: frontswap keeps its ops in a chain, asks the newest first and goes on when it
 * declines. Registering is exported, unregistering does not exist: remove() takes us out of the
 * chain itself. Nobody can be in our code for our own area then, as no area of ours is on; tasks
 * that pass through for other areas never sleep in it, so RCU tasks knows when the last has left.
 */
#include <linux/frontswap.h>
#include <linux/module.h>
#include <linux/rcupdate.h>

#include "fastswap.h"

static int store(unsigned int type, pgoff_t slot, struct page *page)
{
	/* frontswap keeps one bit for the whole of a huge page: leave those to the device. */
	if (!fastswap_owns(type) || PageTransHuge(page))
		return -ENODEV;
	return fastswap_store(slot, page, VIA_HOOK);
}

static int load(unsigned int type, pgoff_t slot, struct page *page)
{
	if (!fastswap_owns(type) || fastswap_in_window())
		return -ENODEV;
	return fastswap_load(slot, page, VIA_HOOK);
}

/* The device hears of every freed slot, of those that the hook stored and of the others. */
static void invalidate_page(unsigned int type, pgoff_t slot)
{
}

static const struct frontswap_ops *theirs __maybe_unused;
FASTSWAP_SAME_PROTOTYPE(theirs->init, void (*)(unsigned int), "frontswap_ops.init");
FASTSWAP_SAME_PROTOTYPE(theirs->store, &store, "frontswap_ops.store");
FASTSWAP_SAME_PROTOTYPE(theirs->load, &load, "frontswap_ops.load");
FASTSWAP_SAME_PROTOTYPE(theirs->invalidate_page, &invalidate_page, "frontswap_ops.invalidate_page");
FASTSWAP_SAME_PROTOTYPE(theirs->invalidate_area, void (*)(unsigned int), "frontswap_ops.invalidate_area");

static struct frontswap_ops ops = {
	.init = fastswap_area_on,
	.store = store,
	.load = load,
	.invalidate_page = invalidate_page,
	.invalidate_area = fastswap_area_off,
};

static struct frontswap_ops **chain;

static int install(void)
{
	chain = fastswap_symbol("frontswap_ops");
	if (!chain) {
		pr_err(FASTSWAP_NAME ": no symbol frontswap_ops: the kernel needs CONFIG_FRONTSWAP "
		       "and CONFIG_KALLSYMS_ALL\n");
		return -ENOENT;
	}
	frontswap_register_ops(&ops);
	return 0;
}

static void remove(void)
{
	struct frontswap_ops **link = chain;

	while (*link != &ops)
		link = &(*link)->next;
	WRITE_ONCE(*link, ops.next);
	synchronize_rcu_tasks();
}

const struct fastswap_hook fastswap_hook_of_version = {
	.name = "frontswap-chain",
	.install = install,
	.remove = remove,
};
