/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Allocation that never returns NULL: see buf.h for why running out of memory aborts. */
#ifndef BASE_ALLOC_H
#define BASE_ALLOC_H

#include <stdlib.h>
#include <string.h>

static inline void *xreallocarray(void *old, size_t nr, size_t size)
{
	void *p = reallocarray(old, nr, size);

	if (!p && nr && size)
		abort();
	return p;
}

static inline void *xcalloc(size_t nr, size_t size)
{
	void *p = calloc(nr, size);

	if (!p)
		abort();
	return p;
}

/* NULL stays NULL. */
static inline char *xstrdup(const char *s)
{
	if (!s)
		return NULL;

	size_t size = strlen(s) + 1;

	return memcpy(xreallocarray(NULL, size, 1), s, size);
}

#endif
