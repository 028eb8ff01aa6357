// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/inifile.h"

#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"

/*
 * inih tells its handler neither the line nor where a section of the same name begins anew. It asks
 * for one line at a time, though, and calls the handler before it asks for the next: what reads the
 * lines for it knows both.
 */
struct reading {
	const char *path;
	FILE *file;
	struct inifile *ini;
	unsigned int line;
	bool indented;
	struct err *err; /* the first one stands */
	bool failed;
};

static void fail(struct reading *r, const char *what)
{
	if (!r->failed)
		err_usage(r->err, "%s:%u: %s", r->path, r->line, what);
	r->failed = true;
}

static void add_section(struct reading *r, const char *head)
{
	struct inifile *ini = r->ini;
	const char *end = strchr(head, ']');

	if (!end) {
		fail(r, "a section ends with ']'");
		return;
	}
	ini->sections = xreallocarray(ini->sections, ini->nr_sections + 1, sizeof(*ini->sections));
	ini->sections[ini->nr_sections++] = (struct ini_section){
		.name = strndup(head + 1, (size_t)(end - head - 1)),
		.line = r->line,
	};
}

/* As fgets(), which would end a line at a NUL byte without a word. */
static char *get_line(struct reading *r, char *line, int size)
{
	int len = 0, c = 0;

	while (len < size - 1 && c != '\n' && (c = getc(r->file)) != EOF) {
		line[len++] = (char)c;
		if (c == '\0') {
			r->line++;
			fail(r, "there is a NUL byte here: this is no text");
			return NULL;
		}
	}
	line[len] = '\0';
	return len ? line : NULL;
}

static char *read_line(char *line, int size, void *user)
{
	struct reading *r = user;
	size_t blanks;

	if (r->failed || !get_line(r, line, size))
		return NULL;
	r->line++;
	if (!strchr(line, '\n') && !feof(r->file)) {
		fail(r, "the line is too long; go on in the next one, after a blank");
		return NULL;
	}
	blanks = strspn(line, " \t");
	r->indented = blanks > 0;
	if (line[blanks] == '[') {
		if (r->indented)
			fail(r, "a section begins at the beginning of its line");
		else
			add_section(r, line);
	}
	return line;
}

static int add_pair(void *user, const char *section, const char *key, const char *value)
{
	struct reading *r = user;
	struct ini_section *s;

	(void)section;
	if (r->failed)
		return 0;
	if (!r->ini->nr_sections) {
		fail(r, "a section comes first: a name in brackets");
		return 0;
	}
	s = &r->ini->sections[r->ini->nr_sections - 1];
	if (r->indented && s->nr_entries && strcmp(s->entries[s->nr_entries - 1].key, key) == 0) {
		struct ini_entry *last = &s->entries[s->nr_entries - 1];
		struct buf joined = BUF_INIT;

		buf_addf(&joined, "%s %s", last->value, value);
		free(last->value);
		last->value = buf_steal(&joined);
		return 1;
	}
	if (ini_section_find(s, key)) {
		fail(r, "this key was there before in this section; keep one of the two");
		return 0;
	}
	s->entries = xreallocarray(s->entries, s->nr_entries + 1, sizeof(*s->entries));
	s->entries[s->nr_entries++] = (struct ini_entry){ xstrdup(key), xstrdup(value), r->line };
	return 1;
}

int inifile_read(const char *path, struct inifile *ini, struct err *err)
{
	struct reading r = { .path = path, .ini = ini, .err = err };
	int line, rc = 0;

	memset(ini, 0, sizeof(*ini));
	r.file = fopen(path, "re");
	if (!r.file)
		return err_usage(err, "cannot read %s: %s; experiments/ holds ready ones", path,
				 strerror(errno));
	line = ini_parse_stream(read_line, &r, add_pair, &r);
	if (ferror(r.file))
		rc = err_usage(err, "cannot read %s: is it a file?", path);
	else if (r.failed)
		rc = -EINVAL;
	else if (line)
		rc = err_usage(err, "%s:%d: neither [section] nor key = value", path, line);
	fclose(r.file);
	return rc;
}

void inifile_release(struct inifile *ini)
{
	for (size_t i = 0; i < ini->nr_sections; i++) {
		struct ini_section *s = &ini->sections[i];

		for (size_t j = 0; j < s->nr_entries; j++) {
			free(s->entries[j].key);
			free(s->entries[j].value);
		}
		free(s->entries);
		free(s->name);
	}
	free(ini->sections);
	memset(ini, 0, sizeof(*ini));
}

const struct ini_entry *ini_section_find(const struct ini_section *s, const char *key)
{
	for (size_t i = 0; i < s->nr_entries; i++) {
		if (strcmp(s->entries[i].key, key) == 0)
			return &s->entries[i];
	}
	return NULL;
}
