#!/bin/bash
# lab: --rdma --cpus 2 --mem 2G --numa 2
# lab-5.10: --rdma --cpus 1 --mem 2G --numa 2
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A window of read-ahead is under way at once: over a cable so long that waiting is all that counts,
# it takes one round trip, not one for the page that is waited for and another for its neighbours.

# shellcheck disable=SC2317 # functions are called by way of ok
# shellcheck source=tests/lab/rdma.bash
. "$(dirname "$0")/rdma.bash" || exit 1

needs_cable
wire_up
address=$far

# scan PAGE_CLUSTER PAGES: page_ns is what a page takes then; the counters hold what was added.
scan() {
	local loads loads_async
	loads=$(stat_of loads) loads_async=$(stat_of loads_async)
	echo "$1" >/proc/sys/vm/page-cluster
	page_ns=$("$fault_median" "$2" 1 | cut -d' ' -f2) || return
	by_hook=$(($(stat_of loads) - loads))
	by_device=$(($(stat_of loads_async) - loads_async))
	echo "page-cluster $1: $page_ns ns per page, hook $by_hook, device $by_device"
}

# Eight pages a window, and a few smaller ones at first.
one_round_trip() {
	local round_trip_ns
	scan 0 16 && round_trip_ns=$page_ns && ((by_hook == 16 && by_device == 0)) || return
	((round_trip_ns > 100000000)) || return
	scan 3 256 && ((by_device > 200)) || return
	((page_ns * 8 < round_trip_ns * 3 / 2))
}

must "the server starts" server_up
must "up" pool_up auto cip="$near" timeout_ms=10000
wire delay 50ms
ok "a window takes one round trip" one_round_trip
ok "pages come back right" "$pagecheck" --mib 1 --threads 2 --rounds 1 --write-percent 30
wire
ok "the device goes" down
server_down TERM
wire_down
finish
