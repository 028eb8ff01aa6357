// SPDX-License-Identifier: GPL-2.0
/* fastswap_fail_swapon.ko, for a test: while it is there, zswap_swapon() fails, and swapon with it. */
#include <linux/kprobes.h>
#include <linux/module.h>

static noinline int no_memory(void)
{
	return -ENOMEM;
}

static int lead_away(struct kprobe *probe, struct pt_regs *regs)
{
	instruction_pointer_set(regs, (unsigned long)no_memory);
	return 1;
}
NOKPROBE_SYMBOL(lead_away);

static struct kprobe probe = { .symbol_name = "zswap_swapon", .pre_handler = lead_away };

static int __init fail_init(void)
{
	return register_kprobe(&probe);
}

static void __exit fail_exit(void)
{
	unregister_kprobe(&probe);
}

module_init(fail_init);
module_exit(fail_exit);

MODULE_DESCRIPTION("For a test of fastswap: swapon fails");
MODULE_LICENSE("GPL");
