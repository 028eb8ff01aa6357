#!/bin/bash
# lab: --cpus 2 --mem 2G
# lab-6.12: --cpus 1 --mem 2G
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The whole machine short of memory while loads run: the pool itself takes pages from what is left.

# shellcheck disable=SC2317 # functions are called by way of ok
# shellcheck source=tests/lab/fastswap.bash
. "$(dirname "$0")/fastswap.bash" || exit 1

# More than the machine has: all of it is stamped, pushed out by reclaim, and checked.
more_than_memory() {
	local total
	total=$(awk '/^MemTotal/ { print int($2 / 1024) }' /proc/meminfo)
	under $((total / 3))M "$pagecheck" --mib $((total / 3 + 200)) --threads 2 --rounds 1 --random \
		--write-percent 30 --no-pageout &
	under $((total / 3))M "$pagecheck" --mib $((total / 3 + 200)) --threads 2 --rounds 1 \
		--write-percent 30 --no-pageout &
	wait -n && wait -n
}

ok "up" up auto size=600M
ok "two programs larger than memory" more_than_memory
ok "pages did come back" test "$(stat_of loads)" -gt 10000
ok "no load failed" test "$(stat_of failed_loads)" -eq 0
finish
