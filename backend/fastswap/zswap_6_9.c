// SPDX-License-Identifier: GPL-2.0
/* Linux 6.9 to 6.14: true says that the folio is up to date. The caller unlocks it. */
#include "hook_zswap.h"

static bool load(struct folio *folio)
{
	return !fastswap_load_folio(folio);
}

void *const fastswap_zswap_load = load;

FASTSWAP_SAME_PROTOTYPE(zswap_load, load, "zswap_load()");
FASTSWAP_SAME_PROTOTYPE(zswap_swapon, int (int, unsigned long), "zswap_swapon()");
