#!/bin/bash
# lab: --rdma --cpus 2 --mem 2G --numa 2
# lab-5.10: --rdma --cpus 1 --mem 2G --numa 2
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The server's memory is where and what it was asked to be: on a node, in huge pages.

# shellcheck disable=SC2317 # functions are called by way of ok
# shellcheck source=tests/lab/rdma.bash
. "$(dirname "$0")/rdma.bash" || exit 1

huge=/sys/devices/system/node/node1/hugepages/hugepages-2048kB

# pages_on NODE: of the server's largest mapping.
pages_on() {
	awk -v node="N$1=" '{ here = 0; all = 0
		for (i = 3; i <= NF; i++) {
			if ($i ~ /^N[0-9]+=/) { split($i, part, "="); all += part[2] }
			if (index($i, node) == 1) here = substr($i, length(node) + 1) }
		if (all > most) { most = all; result = here } }
		END { print result + 0 }' "/proc/$server/numa_maps"
}

works() {
	ok "$1: up" pool_up auto timeout_ms=30000
	ok "$1: pages come back right" "$pagecheck" --mib 16 --threads 2 --write-percent 30
	ok "$1: the device goes" down
	server_down TERM
}

for node in 0 1; do
	must "node $node: the server starts" server_up --numa-node $node
	ok "node $node: its memory is there" is 16384 pages_on $node
	ok "node $node: and not elsewhere" is 0 pages_on $((1 - node))
	works "node $node"
done

echo 40 >$huge/nr_hugepages
must "huge pages: there are some" is 40 cat $huge/free_hugepages
must "huge pages: the server starts" server_up --numa-node 1 --hugepages
ok "huge pages: it has them" is 8 cat $huge/free_hugepages
works "huge pages"
ok "huge pages: they are free again" is 40 cat $huge/free_hugepages
echo 0 >$huge/nr_hugepages
finish
