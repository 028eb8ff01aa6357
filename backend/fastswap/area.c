// SPDX-License-Identifier: GPL-2.0
/* Which swap type is ours. */
#include <linux/blkdev.h>
#include <linux/fs.h>
#include <linux/swap.h>

#include "fastswap.h"

int fastswap_type = -1;

static struct swap_info_struct **swap_areas;

int fastswap_area_init(void)
{
	swap_areas = fastswap_symbol("swap_info");
	if (swap_areas)
		return 0;
	pr_err(FASTSWAP_NAME ": no symbol swap_info: the kernel needs CONFIG_KALLSYMS_ALL\n");
	return -ENOENT;
}

/*
 * An area counts as ours only when it is the device itself: in a swap file on it, offsets are the
 * file's. The device is opened exclusively by swapon, so there is never a second one.
 */
void fastswap_area_on(unsigned int type)
{
	const struct swap_info_struct *area;

	if (type >= MAX_SWAPFILES)
		return;
	area = READ_ONCE(swap_areas[type]);
	if (!area || !fastswap_is_our_device(area->bdev) || !area->swap_file ||
	    !S_ISBLK(file_inode(area->swap_file)->i_mode))
		return;
	WRITE_ONCE(fastswap_type, type);
	pr_info(FASTSWAP_NAME ": serving swap type %u\n", type);
}

void fastswap_area_off(unsigned int type)
{
	if (fastswap_owns(type))
		WRITE_ONCE(fastswap_type, -1);
}
