/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What may come next on a command line, from the tables that parse it: for the shells' completion. */
#ifndef HARNESS_COMPLETE_H
#define HARNESS_COMPLETE_H

#include <stddef.h>
#include <stdio.h>

struct command;

/*
 * commands: all there are, NULL-ended. words: what stands after "fmbench", NULL-ended; the last of them is the one to complete, "" for a
 * new one. Writes a line for each candidate: the whole word, a tab and a few words about it where
 * there are any. A line ":file" says that file names may stand there, too. Runs and experiments come
 * from the database that the words, or FMBENCH_DB, name. A candidate that ends with '=' or ',' goes on.
 */
void complete(const struct command *const commands[], char *const words[], FILE *out);

#endif
