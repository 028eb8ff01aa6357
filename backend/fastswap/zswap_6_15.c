// SPDX-License-Identifier: GPL-2.0
/*
 * Linux 6.15 and later: 0 says that the folio is up to date and unlocked, -ENOENT that it is neither:
 * then the caller asks the device. After any other error it would take the folio for unlocked.
 */
#include <linux/pagemap.h>

#include "hook_zswap.h"

static int load(struct folio *folio)
{
	if (fastswap_load_folio(folio))
		return -ENOENT;
	folio_unlock(folio);
	return 0;
}

void *const fastswap_zswap_load = load;

FASTSWAP_SAME_PROTOTYPE(zswap_load, load, "zswap_load()");
FASTSWAP_SAME_PROTOTYPE(zswap_swapon, int (int, unsigned long), "zswap_swapon()");
