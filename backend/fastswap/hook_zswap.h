/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Between hook_zswap_ftrace.c, which leads swap's calls of zswap to fastswap, and its variants, of
 * which one is built: what stands in for zswap_load(), with the result that the kernel's caller wants.
 */
#ifndef FASTSWAP_HOOK_ZSWAP_H
#define FASTSWAP_HOOK_ZSWAP_H

#include <linux/mm.h>
#include <linux/zswap.h>

#include "fastswap.h"

/* 0: all pages are there and the folio is up to date. */
int fastswap_load_folio(struct folio *folio);

/* The variant's, called in the place of zswap_load(). */
extern void *const fastswap_zswap_load;

#endif
