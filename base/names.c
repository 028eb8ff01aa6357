// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/names.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"

/* Names longer than this are not mistyped, they are something else. */
#define MEANT_MAX 63

static size_t min_size(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Optimal string alignment: insert, delete, replace, or swap two neighbours; case ignored. */
static size_t edit_distance(const char *a, const char *b)
{
	size_t rows[3][MEANT_MAX + 1];
	size_t *before = rows[0], *above = rows[1], *row = rows[2];
	size_t a_len = strlen(a), b_len = strlen(b);

	for (size_t j = 0; j <= b_len; j++)
		above[j] = before[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		int ca = tolower((unsigned char)a[i - 1]);

		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			int cb = tolower((unsigned char)b[j - 1]);

			row[j] = min_size(above[j - 1] + (ca != cb),
					  min_size(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && ca == tolower((unsigned char)b[j - 2]) &&
			    cb == tolower((unsigned char)a[i - 2]))
				row[j] = min_size(row[j], before[j - 2] + 1);
		}

		size_t *oldest = before;

		before = above;
		above = row;
		row = oldest;
	}
	return above[b_len];
}

const char *did_you_mean(const char *name, const char *const *names)
{
	size_t len = strlen(name);
	size_t best = len <= 2 ? 2 : len / 3 + 2; /* one more than is near */
	const char *found = NULL;

	if (len == 0 || len > MEANT_MAX)
		return NULL;
	for (; *names; names++) {
		size_t distance;

		if (strlen(*names) > MEANT_MAX)
			continue;
		/* The beginning of a name is as good as one slip. */
		if (len >= 3 && strncasecmp(*names, name, len) == 0)
			distance = 1;
		else
			distance = edit_distance(name, *names);
		if (distance < best) {
			best = distance;
			found = *names;
		}
	}
	return found;
}

int err_unknown(struct err *err, const char *near, const char *see, const char *fmt, ...)
{
	char head[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(head, sizeof(head), fmt, ap);
	va_end(ap);
	if (near)
		return err_usage(err, "%s; did you mean '%s'?", head, near);
	return err_usage(err, "%s; %s", head, see);
}

const void *find_by_name(const void *table, const char *name, const char *kind, const char *see,
			 struct err *err)
{
	const char *const *const *rows = table;
	const char **names;
	size_t nr = 0;

	for (; rows[nr]; nr++) {
		if (strcmp(*rows[nr], name) == 0)
			return rows[nr];
	}
	names = xcalloc(nr + 1, sizeof(*names));
	for (size_t i = 0; i < nr; i++)
		names[i] = *rows[i];
	err_unknown(err, did_you_mean(name, names), see, "no %s '%s'", kind, name);
	free(names);
	return NULL;
}

void *names_add(const void *table, const void *built_in, const void *row)
{
	const void *const *rows = table;
	const void **copy;
	size_t nr = 0;

	while (rows[nr])
		nr++;
	copy = xcalloc(nr + 2, sizeof(*copy));
	memcpy(copy, rows, nr * sizeof(*copy));
	copy[nr] = row;
	if (table != built_in)
		free((void *)(uintptr_t)table);
	return copy;
}
