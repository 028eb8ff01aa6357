// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/plan/scale.h"

#include <stdlib.h>
#include <string.h>

#include "base/names.h"
#include "base/sysfile.h"

#define FULL_KIB (64ull << 20)

const char *scale_default(void)
{
	uint64_t kib;

	if (sysfile_read_key("/proc/meminfo", "MemTotal:", &kib) != 0)
		return "small";
	return kib >= FULL_KIB ? "full" : "small";
}

static int check_scale(const struct ini_entry *entry, const char *path, const char *name,
		       struct err *err)
{
	static const char *const names[] = { "tiny", "small", "full", NULL };

	for (const char *const *n = names; *n; n++) {
		if (strcmp(*n, name) == 0)
			return 0;
	}
	return err_unknown(err, did_you_mean(name, names), "scales are tiny, small and full",
			   "%s:%u: '%s' is at no scale", path, entry->line, entry->key);
}

static void drop(struct ini_section *s, size_t i)
{
	free(s->entries[i].key);
	free(s->entries[i].value);
	s->nr_entries--;
	memmove(&s->entries[i], &s->entries[i + 1], (s->nr_entries - i) * sizeof(s->entries[0]));
}

static struct ini_entry *find_plain(struct ini_section *s, const char *key, size_t len)
{
	for (size_t i = 0; i < s->nr_entries; i++) {
		const char *other = s->entries[i].key;

		if (strlen(other) == len && strncmp(other, key, len) == 0)
			return &s->entries[i];
	}
	return NULL;
}

/* The entry of this scale takes the place of the plain one, or becomes it. */
static void put(struct ini_section *s, size_t i, size_t len)
{
	struct ini_entry *entry = &s->entries[i], *plain = find_plain(s, entry->key, len);

	if (!plain) {
		entry->key[len] = '\0';
		return;
	}
	free(plain->value);
	plain->value = entry->value;
	plain->line = entry->line;
	entry->value = NULL;
	drop(s, i);
}

static int apply_to(struct ini_section *s, const char *path, const char *scale, struct err *err)
{
	for (size_t i = s->nr_entries; i-- > 0;) {
		char *at = strchr(s->entries[i].key, '@');

		if (at && check_scale(&s->entries[i], path, at + 1, err) != 0)
			return -EINVAL;
		if (at && strcmp(at + 1, scale) != 0)
			drop(s, i);
	}
	for (size_t i = s->nr_entries; i-- > 0;) {
		char *at = strchr(s->entries[i].key, '@');

		if (at)
			put(s, i, (size_t)(at - s->entries[i].key));
	}
	return 0;
}

int scale_apply(struct inifile *ini, const char *path, const char *scale, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < ini->nr_sections && !rc; i++)
		rc = apply_to(&ini->sections[i], path, scale, err);
	return rc;
}
