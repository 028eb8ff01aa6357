// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/list.h"

#include <string.h>

int list_check(const char *list, const char *what, struct err *err)
{
	size_t len = list ? strlen(list) : 0;
	const char *where = NULL;

	if (!len)
		return err_usage(err, "%s is empty: leave it out for the default", what);
	if (list[0] == ',')
		where = "before the first comma";
	else if (list[len - 1] == ',')
		where = "after the last comma";
	else if (strstr(list, ",,"))
		where = "between two commas";
	return where ? err_usage(err, "%s %s: nothing stands %s; leave that comma out", what, list,
				 where)
		     : 0;
}
