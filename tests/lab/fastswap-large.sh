#!/bin/bash
# lab: --rdma --cpus 2 --mem 2G --numa 2
# lab-5.10: --cpus 2 --mem 2G
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Large folios: all of their pages go through the hook together and come back right.

# shellcheck disable=SC2317 # functions are called by way of ok
# shellcheck source=tests/lab/fastswap.bash
. "$(dirname "$0")/fastswap.bash" || exit 1

thp=/sys/kernel/mm/transparent_hugepage
echo madvise >$thp/enabled

check_large() {
	"$pagecheck" --mib 16 --large --threads 2 --rounds 2 --shared --random --write-percent 20 &&
		"$pagecheck" --mib 16 --large --fork 2
}

# Folios of this size were made, and hardly any was split before it went out.
went_out_whole() {
	local made split
	made=$(<"$thp/hugepages-$1/stats/anon_fault_alloc")
	split=$(<"$thp/hugepages-$1/stats/swpout_fallback")
	check_large || return
	made=$(($(<"$thp/hugepages-$1/stats/anon_fault_alloc") - made))
	split=$(($(<"$thp/hugepages-$1/stats/swpout_fallback") - split))
	echo "$made made, $split split"
	((made >= 16 && split * 10 < made))
}

ok "up" up auto
ok "2 MiB pages, swapped whole or split" check_large
down
if [[ ! -e $thp/hugepages-64kB/enabled ]]; then
	echo "ok 3 - 64 KiB folios # SKIP this kernel has none"
	finish
fi
echo never >$thp/hugepages-2048kB/enabled
for size in 16kB 64kB 512kB; do
	echo always >$thp/hugepages-$size/enabled
	ok "up" up auto
	ok "$size folios go out whole, by the hook" went_out_whole "$size"
	ok "none by the device" test "$(stat_of stores_async)" -eq 1
	down
	ok "up synchronous=1" up auto synchronous=1
	ok "$size folios with a synchronous pool" went_out_whole "$size"
	down
	echo never >$thp/hugepages-$size/enabled
done
finish
