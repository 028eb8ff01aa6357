/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writing JSON (RFC 8259), value by value: objects and arrays are begun and ended by the caller, commas and
 * quotes come by themselves. key: NULL within an array and for the outermost value.
 */
#ifndef BASE_JSON_WRITE_H
#define BASE_JSON_WRITE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct json {
	struct buf *text; /* the caller's; what it holds stays in front */
	bool comma;	  /* the next value has one before it */
};

void json_begin(struct json *j, const char *key, char open); /* '{' or '[' */
void json_end(struct json *j, char close);		     /* '}' or ']' */
/* NULL is null. */
void json_add_text(struct json *j, const char *key, const char *value);
/* The shortest decimal that reads back as the same double; null where it is not finite. */
void json_add_number(struct json *j, const char *key, double value);
void json_add_integer(struct json *j, const char *key, int64_t value);
void json_add_bool(struct json *j, const char *key, bool value);
/* Text that is JSON already. NULL is null. */
void json_add_raw(struct json *j, const char *key, const char *value);

/* As json_add_number() writes a finite one. */
void buf_add_double(struct buf *b, double value);

#endif
