// SPDX-License-Identifier: GPL-2.0-or-later
#include "collectors/keyfile.h"

#include <string.h>

#include "base/alloc.h"
#include "collectors/keptfile.h"

struct line {
	const char *name; /* with the blank behind it, so that it only matches whole */
	size_t len;	  /* 0: not a line "key value" */
	int key;	  /* which row, -1: none wants it */
};

struct keyfile {
	struct keptfile file;
	const struct collector_key *keys;
	size_t nr_keys;
	enum keyfile_names names;
	char *text; /* as it was at open; the lines' names point into it */
	struct line *lines;
	size_t nr_lines;
};

static int find_key(const struct keyfile *f, const char *name, size_t len)
{
	for (size_t i = 0; i < f->nr_keys; i++) {
		const char *key = f->names == KEYFILE_ALIASES ? f->keys[i].alias : f->keys[i].name;

		if (key && strncmp(key, name, len) == 0 && !key[len])
			return (int)i;
	}
	return -1;
}

static struct line parse_line(const struct keyfile *f, const char *text)
{
	size_t len = strcspn(text, " \n");

	if (text[len] != ' ')
		return (struct line){ text, 0, -1 };
	return (struct line){ text, len + 1, find_key(f, text, len) };
}

static const char *next_line(const char *text)
{
	const char *end = strchrnul(text, '\n');

	return *end ? end + 1 : end;
}

int keyfile_new(const char *dir, const char *name, const struct collector_key *keys, size_t nr_keys,
		enum keyfile_names names, void **ret, struct err *err)
{
	struct keptfile file;
	int rc = keptfile_open(&file, dir, name, err);

	if (rc < 0)
		return rc;

	struct keyfile *f = xcalloc(1, sizeof(*f));

	*f = (struct keyfile){ .file = file, .keys = keys, .nr_keys = nr_keys, .names = names };
	f->text = xstrdup(file.data);
	for (const char *p = f->text; *p; p = next_line(p)) {
		f->lines = xreallocarray(f->lines, f->nr_lines + 1, sizeof(*f->lines));
		f->lines[f->nr_lines++] = parse_line(f, p);
	}
	*ret = f;
	return 0;
}

int keyfile_read(void *keyfile, uint64_t *values, bool *have)
{
	struct keyfile *f = keyfile;
	size_t i = 0;

	memset(have, 0, f->nr_keys * sizeof(*have));

	int rc = keptfile_read(&f->file);

	if (rc < 0)
		return rc;

	for (const char *p = f->file.data; *p; p = next_line(p), i++) {
		struct line line = i < f->nr_lines ? f->lines[i] : (struct line){ .len = 0 };

		if (!line.len || strncmp(p, line.name, line.len) != 0)
			line = parse_line(f, p);
		p += line.len;
		if (line.key >= 0)
			have[line.key] = keptfile_parse_u64(&p, &values[line.key]);
	}
	return 0;
}

void keyfile_free(void *keyfile)
{
	struct keyfile *f = keyfile;

	if (!f)
		return;
	keptfile_close(&f->file);
	free(f->text);
	free(f->lines);
	free(f);
}
