// SPDX-License-Identifier: GPL-2.0
/* Kernels for which nobody has shown a hook to work: pages take the block device. */
#include <linux/printk.h>

#include "fastswap.h"

static int install(void)
{
	pr_notice(FASTSWAP_NAME ": no page hook is known for this kernel\n");
	return -EOPNOTSUPP;
}

static void remove(void)
{
}

const struct fastswap_hook fastswap_hook_of_version = {
	.name = "none",
	.install = install,
	.remove = remove,
};
