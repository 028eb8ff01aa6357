/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers that a program of the user's prints or writes itself. As one text:
 *
 *	NAME[,UNIT][:lower|:higher][@FILE]=PATTERN
 *
 * PATTERN is a POSIX extended regular expression with one group, which holds the number: the last
 * match counts, ^ and $ stand at the ends of a line. Or it is a JSON path, which begins with $.
 * FILE is relative to the working directory; "stderr" is the standard error; none: the standard
 * output. NAME/s is NAME,per_s. Without a direction times are better lower, all else higher.
 */
#ifndef BASE_EXTRACT_H
#define BASE_EXTRACT_H

#include <regex.h>
#include <stddef.h>
#include <time.h>

#include "base/err.h"
#include "base/result.h"

struct extract {
	char *name, *unit;
	enum better better;
	char *file;    /* NULL: standard output; "stderr" */
	char *pattern; /* as given */
	bool is_json;
	regex_t regex; /* unless is_json */
};

struct extracts {
	struct extract *rows;
	size_t nr;
};

/* Where the texts are after the program's end. */
struct extract_from {
	const char *out, *err; /* files of its standard output and error */
	struct timespec
		since; /* CLOCK_REALTIME_COARSE at its start: an older FILE is not its own */
};

/* Add one, as text or in its parts (file NULL: standard output). ERR_USAGE names what is wrong. */
int extracts_parse(struct extracts *e, const char *text, struct err *err);
int extracts_add(struct extracts *e, const struct metric *metric, const char *file,
		 const char *pattern, struct err *err);
/* The same for several lines, or none (NULL). */
int extracts_parse_lines(struct extracts *e, const char *lines, struct err *err);
/* Add every number to results. One that is not there is an error that shows the text's end. */
int extracts_read(const struct extracts *e, const struct extract_from *from,
		  struct results *results, struct err *err);
void extracts_release(struct extracts *e);

/* A regular expression for lines; what names it in messages. */
int extract_compile(const char *what, const char *pattern, size_t groups, regex_t *ret,
		    struct err *err);

#endif
