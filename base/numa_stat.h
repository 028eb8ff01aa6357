/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A line of cgroup v2's memory.numa_stat (Documentation/admin-guide/cgroup-v2.rst): "KIND N0=1 N1=2 …". */
#ifndef BASE_NUMA_STAT_H
#define BASE_NUMA_STAT_H

#include <stdbool.h>
#include <stdint.h>

/* The next pair of this line from *text on, which is then behind it; false: none is left. */
bool numa_stat_next(const char **text, unsigned int *ret_node, uint64_t *ret_bytes);

/* Bytes of anon and file (shared memory is part of file) on these nodes (bit i is node i) and on the
 * others: what of a group can move from node to node. */
void numa_stat_split(const char *text, uint64_t nodes, uint64_t *ret_there, uint64_t *ret_others);

#endif
