// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/secret.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "base/sysfile.h"

#define HIDDEN "(hidden)"

const char *const secret_names[] = { "token", NULL };

int secret_read(const char *path, char *dst, size_t size, const char *what, struct err *err)
{
	char line[4096];
	int rc = sysfile_read_line(path, line, sizeof(line));
	size_t len = rc ? 0 : strlen(line);

	if (rc && rc != -ENOSPC)
		return err_failed(err, -rc, "%s %s", what, path);
	if (rc || !len || len >= size)
		rc = err_usage(err, "%s %s: its first line must have 1 to %zu characters", what,
			       path, size - 1);
	else
		memcpy(dst, line, len + 1);
	explicit_bzero(line, sizeof(line));
	return rc;
}

/* The secret whose name stands here as a whole word. NULL: none. */
static const char *name_at(const char *text, const char *p)
{
	if (p > text && (isalnum((unsigned char)p[-1]) || p[-1] == '-' || p[-1] == '_'))
		return NULL;
	for (const char *const *name = secret_names; *name; name++) {
		size_t len = strlen(*name);

		if (strncmp(p, *name, len) == 0 &&
		    (p[len] == '=' || strncmp(p + len, "\":", 2) == 0))
			return *name;
	}
	return NULL;
}

/* The end of a JSON text that begins here, behind its closing quote. */
static const char *json_end(const char *p)
{
	for (p++; *p && *p != '"'; p++)
		p += *p == '\\' && p[1];
	return *p ? p + 1 : p;
}

/* The end of a word as a shell reads it. quote: the one that is open where p points, or 0. */
static const char *word_end(const char *p, char quote)
{
	for (; *p && (quote || !isspace((unsigned char)*p)); p++) {
		if (*p == '\\' && p[1] && quote != '\'')
			p++;
		else if (quote ? *p == quote : *p == '\'' || *p == '"')
			quote = quote ? '\0' : *p;
	}
	return p;
}

void secret_hide(const char *text, struct buf *b)
{
	const char *from = text;
	bool quoted = false; /* 'NAME.token=a b': the quote is before the name */

	buf_adds(b, "");
	for (const char *p = text; *p; p++) {
		const char *name = name_at(text, p), *value;

		if (*p == '\'')
			quoted = !quoted;
		if (!name)
			continue;
		value = p + strlen(name) + (p[strlen(name)] == '"' ? 2 : 1);
		if (value[-1] == ':' && *value != '"')
			continue; /* null */
		buf_add(b, from, (size_t)(value - from));
		if (value[-1] == ':') {
			buf_adds(b, "\"" HIDDEN "\"");
			from = json_end(value);
		} else {
			buf_adds(b, quoted ? HIDDEN "'" : HIDDEN);
			from = word_end(value, quoted ? '\'' : '\0');
			quoted = false;
		}
		p = from - 1;
	}
	buf_adds(b, from);
}
