// SPDX-License-Identifier: GPL-2.0
/* A folio's way, for the hook of zswap's functions. */
#include <linux/mm.h>
#include <linux/swap.h>
#include <linux/swapops.h>

#include "hook_zswap.h"

/* All pages of a large folio or none: a page left out would be read from where it never was. */
bool fastswap_store_folio(struct folio *folio)
{
	pgoff_t slot = swp_offset(folio->swap);
	long i, n = folio_nr_pages(folio);

	for (i = 0; i < n; i++)
		if (fastswap_store(slot + i, folio_page(folio, i), VIA_HOOK))
			return false;
	return true;
}

int fastswap_load_folio(struct folio *folio)
{
	pgoff_t slot = swp_offset(folio->swap);
	long i, n = folio_nr_pages(folio);
	int err;

	if (fastswap_in_window())
		return -EAGAIN;
	for (i = 0; i < n; i++) {
		err = fastswap_load(slot + i, folio_page(folio, i), VIA_HOOK);
		if (err)
			return err;
	}
	folio_mark_uptodate(folio);
	return 0;
}
