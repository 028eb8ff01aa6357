// SPDX-License-Identifier: GPL-2.0
/*
 * Linux 6.6 and later: frontswap is gone, swap calls zswap's functions directly. Each of them begins with a
 * call that ftrace can take; for a page of our area, and for no other, it is led to our function
 * instead. That is what a live patch does, less its cost: foreign pages still run zswap's own code,
 * nothing waits for a transition, and unregistering waits until the last task has left.
 *
 * Freed slots need no hook: swap tells the block device of each.
 */
#include <linux/ftrace.h>
#include <linux/swap.h>
#include <linux/swapops.h>

#include "hook_zswap.h"

FASTSWAP_SAME_PROTOTYPE(zswap_store, fastswap_store_folio, "zswap_store()");
FASTSWAP_SAME_PROTOTYPE(zswap_swapoff, void (int), "zswap_swapoff()");

static notrace void lead_folio(struct ftrace_regs *regs, void *function)
{
	const struct folio *folio = (void *)ftrace_regs_get_argument(regs, 0);

	if (fastswap_owns(swp_type(folio->swap)))
		ftrace_regs_set_instruction_pointer(regs, (unsigned long)function);
}

static notrace void on_store(unsigned long ip, unsigned long parent_ip, struct ftrace_ops *op,
			     struct ftrace_regs *regs)
{
	lead_folio(regs, fastswap_store_folio);
}

static notrace void on_load(unsigned long ip, unsigned long parent_ip, struct ftrace_ops *op,
			    struct ftrace_regs *regs)
{
	lead_folio(regs, fastswap_zswap_load);
}

static notrace void on_swapon(unsigned long ip, unsigned long parent_ip, struct ftrace_ops *op,
			      struct ftrace_regs *regs)
{
	fastswap_area_on(ftrace_regs_get_argument(regs, 0));
}

static notrace void on_swapoff(unsigned long ip, unsigned long parent_ip, struct ftrace_ops *op,
			       struct ftrace_regs *regs)
{
	fastswap_area_off(ftrace_regs_get_argument(regs, 0));
}

/*
 * One ops per function, so that each call site reaches its handler without a lookup. PERMANENT: or
 * else kernel.ftrace_enabled=0 would take the pages' way through the block device unnoticed.
 */
static struct intercept {
	char function[16];
	struct ftrace_ops ops;
} intercepts[] = {
	{ "zswap_store", { .func = on_store,
			   .flags = FTRACE_OPS_FL_IPMODIFY | FTRACE_OPS_FL_PERMANENT } },
	{ "zswap_load", { .func = on_load,
			  .flags = FTRACE_OPS_FL_IPMODIFY | FTRACE_OPS_FL_PERMANENT } },
	{ "zswap_swapon", { .func = on_swapon, .flags = FTRACE_OPS_FL_PERMANENT } },
	{ "zswap_swapoff", { .func = on_swapoff, .flags = FTRACE_OPS_FL_PERMANENT } },
};

static int take(struct intercept *it)
{
	int err = ftrace_set_filter(&it->ops, it->function, strlen(it->function), 1);

	if (!err)
		err = register_ftrace_function(&it->ops);
	if (err) {
		pr_err(FASTSWAP_NAME ": can't intercept %s: %d; the kernel needs CONFIG_ZSWAP and "
		       "ftrace, with kernel.ftrace_enabled=1 and no live patch of it\n",
		       it->function, err);
		ftrace_free_filter(&it->ops);
	}
	return err;
}

static void give_back(unsigned int n)
{
	while (n--) {
		unregister_ftrace_function(&intercepts[n].ops);
		ftrace_free_filter(&intercepts[n].ops);
	}
}

static int install(void)
{
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(intercepts); i++) {
		err = take(&intercepts[i]);
		if (err) {
			give_back(i);
			return err;
		}
	}
	return 0;
}

static void remove(void)
{
	give_back(ARRAY_SIZE(intercepts));
}

const struct fastswap_hook fastswap_hook_of_version = {
	.name = "zswap-ftrace",
	.install = install,
	.remove = remove,
};
