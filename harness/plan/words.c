// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/plan/words.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/opt.h"

void words_add(struct words *l, const char *text, size_t len)
{
	l->items = xreallocarray(l->items, l->nr + 1, sizeof(*l->items));
	l->items[l->nr] = strndup(text, len);
	if (!l->items[l->nr++])
		abort();
}

void words_release(struct words *l)
{
	for (size_t i = 0; i < l->nr; i++)
		free(l->items[i]);
	free(l->items);
	memset(l, 0, sizeof(*l));
}

static bool words_has(const struct words *l, const char *item)
{
	for (size_t i = 0; i < l->nr; i++) {
		if (strcmp(l->items[i], item) == 0)
			return true;
	}
	return false;
}

int words_parse(const struct ini_entry *entry, struct words *l, struct err *err)
{
	const char *between = ", \t", *p = entry->value;

	for (p += strspn(p, between); *p; p += strspn(p, between)) {
		size_t len = strcspn(p, between);

		char quote = *p == '"' || *p == '\'' ? *p++ : '\0';

		if (quote) {
			const char *end = strchr(p, quote);

			if (!end)
				return err_usage(err, "%s: a quote is open; close it with %c",
						 entry->key, quote);
			len = (size_t)(end - p);
		}
		words_add(l, p, len);
		if (l->nr > 1 &&
		    words_has(&(struct words){ l->items, l->nr - 1 }, l->items[l->nr - 1]))
			return err_usage(err, "%s has '%s' twice; for more runs of each set repeat",
					 entry->key, l->items[l->nr - 1]);
		p += len + (quote != '\0');
	}
	if (!l->nr)
		return err_usage(err, "%s has no value; leave it out for the default", entry->key);
	return 0;
}

int words_expand_ranges(struct words *l, struct err *err)
{
	struct words whole = { 0 };
	int rc = 0;

	for (size_t i = 0; i < l->nr && !rc; i++) {
		char *copy = xstrdup(l->items[i]), *dash = strchr(copy, '-');
		uint64_t first, last;

		if (dash)
			*dash = '\0';
		if (parse_u64(copy, &first) != 0 || parse_u64(dash ? dash + 1 : copy, &last) != 0 ||
		    first < 1 || last < first || last > 1024)
			rc = err_usage(err,
				       "cores: '%s' is neither a number nor a range such as 1-4",
				       l->items[i]);
		for (; !rc && first <= last; first++) {
			char number[24];

			snprintf(number, sizeof(number), "%llu", (unsigned long long)first);
			if (!words_has(&whole, number))
				words_add(&whole, number, strlen(number));
		}
		free(copy);
	}
	words_release(l);
	*l = whole;
	return rc;
}
