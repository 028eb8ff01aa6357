// SPDX-License-Identifier: GPL-2.0
/* Linux 6.6 to 6.8: as 6.9 has it, but swapon can't fail for zswap. */
#include "hook_zswap.h"

static bool load(struct folio *folio)
{
	return !fastswap_load_folio(folio);
}

void *const fastswap_zswap_load = load;

FASTSWAP_SAME_PROTOTYPE(zswap_load, load, "zswap_load()");
FASTSWAP_SAME_PROTOTYPE(zswap_swapon, void (int), "zswap_swapon()");
