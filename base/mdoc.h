/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Manual pages in mdoc(7), from the texts and option tables that make --help, so that the two say
 * the same. Write errors stay in the stream: ask ferror() or fclose().
 */
#ifndef BASE_MDOC_H
#define BASE_MDOC_H

#include <stdio.h>

#include "base/opt.h"

/* Head and NAME. The date is SOURCE_DATE_EPOCH's where that is set, else today. */
void mdoc_begin(FILE *out, const char *name, int section, const char *summary);
/* A heading: "SYNOPSIS", "EXIT STATUS". */
void mdoc_section(FILE *out, const char *title);
/* For the SYNOPSIS: a way to call the program, what comes after its name. */
void mdoc_synopsis(FILE *out, const char *name, const char *words);
/* Text as --help prints it: blank lines part paragraphs, lines that begin with a blank stay as they
 * are. len: SIZE_MAX for all of it. */
void mdoc_text(FILE *out, const char *text, size_t len);
/* Entries of a list, each a term and what it means. */
void mdoc_list_begin(FILE *out);
void mdoc_list_item(FILE *out, const char *term, const char *text);
void mdoc_list_options(FILE *out, const struct opt *table, enum opt_style style);
void mdoc_list_end(FILE *out);
/* SEE ALSO: pages of section 1, "fmbench-run", NULL-ended. */
void mdoc_see_also(FILE *out, const char *const *pages);

#endif
