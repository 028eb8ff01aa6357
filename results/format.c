// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/format.h"

#include <string.h>

int export_format_parse(const char *name, enum export_format *ret, struct err *err)
{
	static const char *const names[] = {
		[EXPORT_TABLE] = "table",
		[EXPORT_CSV] = "csv",
		[EXPORT_JSON] = "json",
		[EXPORT_GNUPLOT] = "gnuplot",
		NULL,
	};

	for (int i = 0; names[i]; i++) {
		if (strcmp(name, names[i]) == 0) {
			*ret = (enum export_format)i;
			return 0;
		}
	}
	return err_usage(err, "unknown format %s: give table, csv or json", name);
}
