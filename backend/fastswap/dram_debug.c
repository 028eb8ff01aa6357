// SPDX-License-Identifier: GPL-2.0
/* fastswap_dram_debug.ko, for a test: see dram_debug.h. */
#define FASTSWAP_DEBUG
#include "dram.c"
