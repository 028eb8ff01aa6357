// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/numa_stat.h"

#include <stdlib.h>
#include <string.h>

bool numa_stat_next(const char **text, unsigned int *ret_node, uint64_t *ret_bytes)
{
	const char *p = *text + strspn(*text, " ");
	char *end;

	if (p[0] != 'N' || p[1] < '0' || p[1] > '9')
		return false;
	*ret_node = (unsigned int)strtoul(p + 1, &end, 10);
	if (*end != '=' || end[1] < '0' || end[1] > '9')
		return false;
	*ret_bytes = strtoull(end + 1, &end, 10);
	*text = end;
	return true;
}

void numa_stat_split(const char *text, uint64_t nodes, uint64_t *ret_there, uint64_t *ret_others)
{
	*ret_there = *ret_others = 0;
	for (const char *p = text; *p; p = strchrnul(p, '\n'), p += *p == '\n') {
		unsigned int node;
		uint64_t bytes;

		if (strncmp(p, "anon ", 5) != 0 && strncmp(p, "file ", 5) != 0)
			continue;
		p += 5;
		while (numa_stat_next(&p, &node, &bytes))
			*(node < 64 && nodes >> node & 1 ? ret_there : ret_others) += bytes;
	}
}
