/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Units from files: what [workload NAME], [backend NAME] and [collector NAME] sections have in common.
 * Reading one starts no program. doc/UNITS.md is the user's page.
 *
 *	{name}		a placeholder: filled when a command is started
 *	{name/1024}	the same, a number, divided and rounded down
 *	{{name}		the text {name} itself
 *
 * Braces around anything else are text (${HOME}, {print $1}).
 */
#ifndef BASE_UNIT_H
#define BASE_UNIT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/inifile.h"
#include "base/opt.h"

/* A program in PATH, or a file (glob(7)) where it has a slash; and Debian's package that brings it. */
struct unit_need {
	char *program, *package;
};

struct unit_needs {
	struct unit_need *rows;
	size_t nr;
	char **units; /* "unit:NAME": other units that must be there, whose needs count, too */
	size_t nr_units;
};

/* The head of every unit. On the heap for the program's life, as the tables' rows point into it. */
struct unit {
	const char *kind; /* "workload", "backend", "collector" */
	char *name, *summary;
	char *path; /* the file */
	unsigned int line;
	char *stamp; /* "NAME CHECKSUM" of the section's text and of the {unit_dir}/FILEs that it
		* names: another text is another unit */
	struct unit_needs needs;
	struct opt *opts; /* the stamp, then the file's option.…; ended by OPT_END; NULL: none */
	size_t nr_opts;
	const void *row; /* of its kind's table */
};

/* All that were read, in that order, for the program's life. */
extern struct unit **units_all;
extern size_t nr_units;

void unit_add(struct unit *u, const void *row);
/* Whose row is this? It must be a unit's. */
const struct unit *unit_of_row(const void *row);
/* Whose parameters are these? Each hold their unit's stamp. NULL: nobody's. */
const struct unit *unit_of_params(const char *kind, const void *params, struct err *err);

/* A key that a section may have. */
struct unit_key {
	const char *name;
	bool needed;
	bool many; /* NAME.ANYTHING */
};

/* What placeholders stand for. */
struct unit_values {
	struct unit_value {
		char *name, *text;
	} * rows;
	size_t nr;
};

/* The section's entry, or NULL. Its value is never empty once unit_read_head() was content. */
const char *unit_text(const struct ini_section *s, const char *key);
/* NAME of the next entry NAME.… at *i or behind it; NULL: no more. *i is then behind the entry. */
const struct ini_entry *unit_next(const struct ini_section *s, const char *prefix, size_t *i);

/*
 * Check the section's keys against the table (ended by one without a name) and fill the head: name,
 * summary, stamp, needs, options. All errors are ERR_USAGE and begin with "FILE:LINE: ".
 */
int unit_read_head(struct unit *u, const char *kind, const char *name, const char *path,
		   const struct ini_section *s, const struct unit_key *keys, struct err *err);
/* Put "FILE:LINE: " before err, make it ERR_USAGE, return -EINVAL. */
int unit_fail(const char *path, unsigned int line, struct err *err);
/* The line of that key, else of the section. */
unsigned int unit_line(const struct ini_section *s, const char *key);

/* ERR_MISSING, naming what this machine lacks and the packages that bring it. */
int unit_needs_check(const struct unit *u, struct err *err);
/* Is it there? Below the sysroot. */
bool unit_need_met(const struct unit_need *need);

/* Parameters of a unit are a row of 8 bytes an option; the first one is the stamp. */
#define UNIT_PARAMS_SIZE(u) ((u)->nr_opts * sizeof(void *))

/* Text of any form; replaces an earlier value of that name. */
void unit_values_set(struct unit_values *v, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* {unit_dir}, the directory of its file, and its options' values; durations in seconds, sizes in bytes.
 * params NULL: "1" for each. */
void unit_values_add(struct unit_values *v, const struct unit *u, const void *params);
/* NULL: there is none of that name. */
const char *unit_values_get(const struct unit_values *v, const char *name);
void unit_values_release(struct unit_values *v);
/* Fill the placeholders of text. ERR_USAGE: nobody fills one. */
int unit_expand(const char *text, const struct unit_values *v, struct buf *b, struct err *err);

#endif
