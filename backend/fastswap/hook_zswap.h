/* SPDX-License-Identifier: GPL-2.0 */
/*
 * hook_zswap_ftrace.c leads swap's calls of zswap to fastswap. What stands in for zswap_load() has the
 * result that the kernel's caller wants: one of the variants zswap_*.c is built.
 */
#ifndef FASTSWAP_HOOK_ZSWAP_H
#define FASTSWAP_HOOK_ZSWAP_H

#include <linux/mm.h>
#include <linux/zswap.h>

#include "fastswap.h"

/* folio.c: stands in for zswap_store(). */
bool fastswap_store_folio(struct folio *folio);

/* 0: all pages are there and the folio is up to date. */
int fastswap_load_folio(struct folio *folio);

/* The variant's, called in the place of zswap_load(). */
extern void *const fastswap_zswap_load;

#endif
