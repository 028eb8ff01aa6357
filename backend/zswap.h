/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BACKEND_ZSWAP_H
#define BACKEND_ZSWAP_H

#include "backend/backend.h"

/* What stands before the name of the backend that zswap is put over: "zswap+nvme-tcp". */
#define ZSWAP_OVER "zswap+"

/*
 * A row for zswap over that backend: its options are zswap's and inner's, its steps zswap's around inner's.
 * Made once a backend, and kept. ERR_USAGE: inner makes no swap area of its own, or takes pages before zswap.
 */
const struct backend *zswap_over(const struct backend *inner, struct err *err);

#endif
