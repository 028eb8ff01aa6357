/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BACKEND_PAGER_H
#define BACKEND_PAGER_H

#include <stdbool.h>

#include "base/err.h"

/* May this process serve faults by userfaultfd(2), and follow forks? *ret_moves: pages can leave by
 * UFFDIO_MOVE (Linux 6.8). 0 or -errno, whose sentence says what it takes. */
int pager_look(bool *ret_moves, struct err *err);

#endif
