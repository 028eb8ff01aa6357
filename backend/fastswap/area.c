// SPDX-License-Identifier: GPL-2.0
/* Which swap type is ours. */
#include <linux/blkdev.h>
#include <linux/swap.h>

#include "fastswap.h"

int fastswap_type = -1;

static struct swap_info_struct **swap_areas;
static void (*take_area)(struct swap_info_struct *area);

int fastswap_area_init(void (*take)(struct swap_info_struct *area))
{
	take_area = take;
	swap_areas = fastswap_symbol("swap_info");
	if (swap_areas)
		return 0;
	pr_err(FASTSWAP_NAME ": no symbol swap_info: the kernel needs CONFIG_KALLSYMS_ALL\n");
	return -ENOENT;
}

/*
 * An area counts as ours only when it is the device itself: in a swap file on it, offsets are the
 * file's. The device is opened exclusively by swapon, so there is never a second one. The area's
 * swap_file is of no use here: 7.3 sets it after the hook was called.
 */
static bool is_our_area(unsigned int type)
{
	const struct swap_info_struct *area = READ_ONCE(swap_areas[type]);

	return area && (READ_ONCE(area->flags) & SWP_BLKDEV) && fastswap_is_our_device(area->bdev);
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

/* An area that can't be written to yet may still be in the making. */
void fastswap_area_seek(void)
{
	struct swap_info_struct *area;
	unsigned int type;

	if (!take_area)
		return;
	for (type = 0; type < MAX_SWAPFILES; type++) {
		area = READ_ONCE(swap_areas[type]);
		if (!is_our_area(type) || !(READ_ONCE(area->flags) & SWP_WRITEOK))
			continue;
		take_area(area);
		if (!fastswap_owns(type))
			fastswap_area_on(type);
	}
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
