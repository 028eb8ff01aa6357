// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/plan/words.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/opt.h"

void words_add(struct words *w, const char *text, size_t len)
{
	w->items = xreallocarray(w->items, w->nr + 1, sizeof(*w->items));
	w->items[w->nr] = strndup(text, len);
	if (!w->items[w->nr++])
		abort();
}

void words_release(struct words *w)
{
	for (size_t i = 0; i < w->nr; i++)
		free(w->items[i]);
	free(w->items);
	memset(w, 0, sizeof(*w));
}

static bool words_has(const struct words *w, const char *item)
{
	for (size_t i = 0; i < w->nr; i++) {
		if (strcmp(w->items[i], item) == 0)
			return true;
	}
	return false;
}

/* To the next item. One comma at the most, and only between two items. */
static int skip(const struct ini_entry *entry, const char **p, bool first, struct err *err)
{
	unsigned int commas = 0;

	for (; **p && strchr(", \t", **p); (*p)++)
		commas += **p == ',';
	if (commas > 1 || (commas && (first || !**p)))
		return err_usage(err,
				 "%s = %s: nothing stands beside a comma; leave that comma out",
				 entry->key, entry->value);
	return 0;
}

/* The item at *p; *ret_end is behind it. */
static int take(const struct ini_entry *entry, const char *p, struct words *w, const char **ret_end,
		struct err *err)
{
	char quote = *p == '"' || *p == '\'' ? *p++ : '\0';
	const char *end = quote ? strchr(p, quote) : p + strcspn(p, ", \t");
	const char *item;

	if (!end)
		return err_usage(err, "%s: a quote is open; close it with %c", entry->key, quote);
	words_add(w, p, (size_t)(end - p));
	item = w->items[w->nr - 1];
	if (words_has(&(struct words){ w->items, w->nr - 1 }, item))
		return err_usage(err, "%s has '%s' twice; for more runs of each set repeat",
				 entry->key, item);
	*ret_end = end + (quote != '\0');
	return 0;
}

int words_parse(const struct ini_entry *entry, struct words *w, struct err *err)
{
	const char *p = entry->value;
	int rc = skip(entry, &p, true, err);

	while (!rc && *p) {
		rc = take(entry, p, w, &p, err);
		if (!rc)
			rc = skip(entry, &p, false, err);
	}
	if (!rc && !w->nr)
		rc = err_usage(err, "%s has no value; leave it out for the default", entry->key);
	return rc;
}

int words_expand_ranges(struct words *w, struct err *err)
{
	struct words whole = { 0 };
	int rc = 0;

	for (size_t i = 0; i < w->nr && !rc; i++) {
		char *copy = xstrdup(w->items[i]), *dash = strchr(copy, '-');
		uint64_t first, last;

		if (dash)
			*dash = '\0';
		if (parse_u64(copy, &first) != 0 || parse_u64(dash ? dash + 1 : copy, &last) != 0 ||
		    first < 1 || last < first || last > 1024)
			rc = err_usage(err,
				       "cores: '%s' is neither a number nor a range such as 1-4",
				       w->items[i]);
		for (; !rc && first <= last; first++) {
			char number[24];

			snprintf(number, sizeof(number), "%llu", (unsigned long long)first);
			if (!words_has(&whole, number))
				words_add(&whole, number, strlen(number));
		}
		free(copy);
	}
	words_release(w);
	*w = whole;
	return rc;
}
