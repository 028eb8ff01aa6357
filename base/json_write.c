// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/json_write.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void begin_value(struct json *j, const char *key)
{
	if (j->comma)
		buf_adds(j->text, ",");
	j->comma = true;
	if (key) {
		buf_add_json(j->text, key);
		buf_adds(j->text, ":");
	}
}

void json_begin(struct json *j, const char *key, char open)
{
	begin_value(j, key);
	buf_add(j->text, &open, 1);
	j->comma = false;
}

void json_end(struct json *j, char close)
{
	buf_add(j->text, &close, 1);
	j->comma = true;
}

void json_add_text(struct json *j, const char *key, const char *value)
{
	begin_value(j, key);
	if (value)
		buf_add_json(j->text, value);
	else
		buf_adds(j->text, "null");
}

void json_add_number(struct json *j, const char *key, double value)
{
	begin_value(j, key);
	if (isfinite(value))
		buf_add_double(j->text, value);
	else
		buf_adds(j->text, "null");
}

void json_add_integer(struct json *j, const char *key, int64_t value)
{
	begin_value(j, key);
	buf_addf(j->text, "%lld", (long long)value);
}

void json_add_bool(struct json *j, const char *key, bool value)
{
	begin_value(j, key);
	buf_adds(j->text, value ? "true" : "false");
}

void json_add_raw(struct json *j, const char *key, const char *value)
{
	begin_value(j, key);
	buf_adds(j->text, value ? value : "null");
}

void buf_add_double(struct buf *b, double value)
{
	char text[32];

	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			break;
	}
	buf_adds(b, text);
}
