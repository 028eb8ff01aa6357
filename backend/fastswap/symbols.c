// SPDX-License-Identifier: GPL-2.0
/*
 * Addresses of data that is not exported. kallsyms_lookup_name() is not exported either since 5.7; but
 * registering a kprobe looks up any name, and leaves the address in the probe even when it refuses to
 * probe what is no code. So no function of the kernel is called behind its back: where
 * indirect branches are tracked (IBT) that would end in a fault.
 */
#include <linux/kprobes.h>
#include <linux/module.h>

#include "fastswap.h"

void *fastswap_symbol(const char *name)
{
	struct kprobe probe = { .symbol_name = name };

	if (!register_kprobe(&probe))
		unregister_kprobe(&probe);
	return probe.addr;
}
