/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How rows are written: for people, for programs, for gnuplot. */
#ifndef RESULTS_FORMAT_H
#define RESULTS_FORMAT_H

#include "base/err.h"

enum export_format { EXPORT_TABLE, EXPORT_CSV, EXPORT_JSON, EXPORT_GNUPLOT };

/* ERR_USAGE for a name that is none. */
int export_format_parse(const char *name, enum export_format *ret, struct err *err);

#endif
