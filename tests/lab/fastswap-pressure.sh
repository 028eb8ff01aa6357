#!/bin/bash
# lab: --rdma --cpus 2 --mem 2G --numa 2
# lab-5.10: --cpus 2 --mem 2G
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The whole machine short of memory while loads run: the pool itself takes pages from what is left.

# shellcheck disable=SC2317 # functions are called by way of ok
# shellcheck source=tests/lab/fastswap.bash
. "$(dirname "$0")/fastswap.bash" || exit 1

# Memory that the test takes away, in huge pages, so that what is left is short soon.
take_memory() {
	local free
	free=$(awk '/^MemAvailable/ { print int($2 / 1024) }' /proc/meminfo)
	echo $(((free - 500) / 2)) >/proc/sys/vm/nr_hugepages
	free=$(awk '/^MemAvailable/ { print int($2 / 1024) }' /proc/meminfo)
	echo "$free MiB are left"
	((free < 700))
}

# Local memory and pool together are nearly all that is left: all of it is stamped, pushed out by
# reclaim, and checked.
nearly_all() {
	local free
	free=$(awk '/^MemAvailable/ { print int($2 / 1024) }' /proc/meminfo)
	under $((free / 3))M "$pagecheck" --mib $((free / 3 + free / 12)) --threads 2 --rounds 1 --random \
		--write-percent 30 --no-pageout &
	under $((free / 3))M "$pagecheck" --mib $((free / 3 + free / 12)) --threads 2 --rounds 1 \
		--write-percent 30 --no-pageout &
	wait -n && wait -n
}

ok "most memory is taken" take_memory
ok "up" up auto size=256M
ok "two programs that take it all" nearly_all
ok "pages did come back" test "$(stat_of loads)" -gt 10000
ok "no load failed" test "$(stat_of failed_loads)" -eq 0
echo 0 >/proc/sys/vm/nr_hugepages
finish
