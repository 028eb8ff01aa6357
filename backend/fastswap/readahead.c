// SPDX-License-Identifier: GPL-2.0
/*
 * Tells the page that a task waits for from its read-ahead neighbours. A fault that goes through
 * read-ahead begins with swapin_readahead(entry, ...), whose entry is the one waited for; a probe
 * notes it for this CPU, together with the task. The note goes stale when the task moves on or is
 * moved away, and then a page is served the other way than it might be: never wrongly.
 */
#include <linux/kprobes.h>
#include <linux/percpu.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/swap.h>
#include <linux/swapops.h>

#include "fastswap.h"

DEFINE_STATIC_KEY_FALSE(fastswap_splitting_readahead);

struct wanted {
	const struct task_struct *task;
	unsigned long entry;
};

static DEFINE_PER_CPU(struct wanted, wanted);

static int on_swapin_readahead(struct kprobe *probe, struct pt_regs *regs)
{
	this_cpu_write(wanted.task, current);
	this_cpu_write(wanted.entry, regs_get_kernel_argument(regs, 0));
	return 0;
}

static struct kprobe probe;

bool __fastswap_is_neighbour(unsigned int type, pgoff_t slot)
{
	return this_cpu_read(wanted.task) == current &&
	       this_cpu_read(wanted.entry) != swp_entry(type, slot).val;
}

int fastswap_readahead_split(bool on)
{
	int err;

	if (on) {
		probe = (struct kprobe){
			.symbol_name = "swapin_readahead",
			.pre_handler = on_swapin_readahead,
		};
		err = register_kprobe(&probe);
		if (err)
			return err;
		static_branch_enable(&fastswap_splitting_readahead);
	} else if (static_branch_unlikely(&fastswap_splitting_readahead)) {
		static_branch_disable(&fastswap_splitting_readahead);
		unregister_kprobe(&probe);
	}
	return 0;
}
