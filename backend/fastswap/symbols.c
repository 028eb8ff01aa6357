// SPDX-License-Identifier: GPL-2.0
/*
 * Addresses of symbols that are not exported. kallsyms_lookup_name() itself stopped being exported
 * in 5.7, but a kprobe resolves any function's name, this one included.
 */
#include <linux/kprobes.h>
#include <linux/module.h>

#include "fastswap.h"

#ifdef CONFIG_X86_KERNEL_IBT
#include <asm/ibt.h>
#endif

void *fastswap_symbol(const char *name)
{
	static unsigned long (*lookup)(const char *name);
	struct kprobe probe = { .symbol_name = "kallsyms_lookup_name" };

	if (!lookup) {
		if (register_kprobe(&probe))
			return NULL;
		unregister_kprobe(&probe);
#ifdef CONFIG_X86_KERNEL_IBT
		/* The probe lands behind the ENDBR, where an indirect call must not. */
		if (is_endbr(*(u32 *)(probe.addr - ENDBR_INSN_SIZE)))
			probe.addr -= ENDBR_INSN_SIZE;
#endif
		lookup = (void *)probe.addr;
	}
	return (void *)lookup(name);
}
