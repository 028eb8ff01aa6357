/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists as they are typed: items between commas. */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include "err.h"

/* ERR_USAGE where an item is empty, or all of them are, as in "1," and "" (NULL). what is the list's name, such as "--cores". */
int list_check(const char *list, const char *what, struct err *err);

#endif
