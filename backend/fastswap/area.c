// SPDX-License-Identifier: GPL-2.0
/* Which swap type is ours. */
#include <linux/blkdev.h>
#include <linux/fs.h>
#include <linux/rcupdate.h>
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
static bool is_our_area(unsigned int type)
{
	const struct swap_info_struct *area = READ_ONCE(swap_areas[type]);
	const struct file *file;
	bool ours;

	/* swapoff may put the file away beside this. */
	rcu_read_lock();
	file = area ? READ_ONCE(area->swap_file) : NULL;
	ours = file && fastswap_is_our_device(area->bdev) && S_ISBLK(file_inode(file)->i_mode);
	rcu_read_unlock();
	return ours;
}

void fastswap_area_on(unsigned int type)
{
	if (type >= MAX_SWAPFILES)
		return;
	if (!is_our_area(type)) {
		/* Ours once, by a swapon that came to nothing. */
		fastswap_area_off(type);
		return;
	}
	WRITE_ONCE(fastswap_type, type);
	pr_info(FASTSWAP_NAME ": serving swap type %u\n", type);
}

void fastswap_area_off(unsigned int type)
{
	if (fastswap_owns(type))
		WRITE_ONCE(fastswap_type, -1);
}

void fastswap_area_closed(void)
{
	int type = READ_ONCE(fastswap_type);

	if (type >= 0 && !is_our_area(type))
		fastswap_area_off(type);
}
