#!/bin/bash
# lab: --rdma --cpus 2 --mem 2G --numa 2
# lab-5.10: --cpus 2 --mem 2G
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Loads are major faults, and pages take the way they should.

# shellcheck disable=SC2317 # functions are called by way of ok
# shellcheck source=tests/lab/fastswap.bash
. "$(dirname "$0")/fastswap.bash" || exit 1

# A run of pagecheck; the counters then hold what it added.
run() {
	local before
	before=$(<"$debug/stats")
	line=$(under max "$pagecheck" --mib 24 "$@") || return
	majflt=$(field majflt "$line")
	loads=$(($(stat_of loads) - $(awk '$1 == "loads" { print $2 }' <<<"$before")))
	loads_async=$(($(stat_of loads_async) - $(awk '$1 == "loads_async" { print $2 }' <<<"$before")))
	stores=$(($(stat_of stores) - $(awk '$1 == "stores" { print $2 }' <<<"$before")))
	stores_async=$(($(stat_of stores_async) - $(awk '$1 == "stores_async" { print $2 }' <<<"$before")))
	echo "$line loads $loads loads_async $loads_async stores $stores $stores_async"
}

# near A B: but for a few pages that others touched meanwhile.
near() {
	(($1 - $2 < 64 && $2 - $1 < 64))
}

all_by_hook() {
	run "$@" && ((majflt > 6000 && loads_async == 0 && stores_async == 0)) &&
		near "$loads" "$majflt" && ((stores > 6000))
}

all_by_device() {
	run && ((majflt > 6000 && loads == 0 && stores == 0)) &&
		near "$loads_async" "$majflt" && ((stores_async > 6000))
}

read_ahead_by_hook() {
	run && ((majflt > 300 && majflt < 3000 && loads > 6000 && loads_async == 0))
}

# The hook takes single pages, the device those of a window.
windows_by_device() {
	run && ((majflt > 300 && majflt < 3000 && loads < 100 && loads_async > 6000))
}

# histogram_of FILE: how many pages are in it.
histogram_of() {
	awk '{ n += $2 } END { print n + 0 }' "$debug/$1_latency"
}

# All pages are in the histograms, whichever way they took: loads, loads_async and so on hold what
# came meanwhile.
histograms_cover() {
	local load store load_ns
	load=$(histogram_of load) store=$(histogram_of store) load_ns=$(stat_of load_ns)
	echo Y >"$parameters/latency"
	run || return
	echo N >"$parameters/latency"
	load=$(($(histogram_of load) - load)) store=$(($(histogram_of store) - store))
	load_ns=$(($(stat_of load_ns) - load_ns))
	echo "histograms: load $load ($load_ns ns) store $store"
	((load > 1000 && load == loads + loads_async && store == stores + stores_async)) &&
		(($(stat_of load_timed) == $(histogram_of load))) &&
		(($(stat_of store_timed) == $(histogram_of store))) &&
		((load_ns > load * 10))
}

traced() {
	grep -c " $1: slot=" "$trace/trace"
}

# Every page is told of, and a failed one with its error.
tracepoints_tell() {
	local loads stores failed
	trace=/sys/kernel/tracing
	echo >"$trace/trace"
	echo 1 >"$trace/events/fastswap/enable"
	loads=$(loads) stores=$(stat_of stores) failed=$(stat_of failed_loads)
	under max "$pagecheck" --mib 1
	echo load_fail:1 >"$parameters/inject"
	exits 4 "$pagecheck" --mib 1
	echo none >"$parameters/inject"
	echo 0 >"$trace/events/fastswap/enable"
	loads=$(($(loads) - loads)) stores=$(($(stat_of stores) - stores))
	failed=$(($(stat_of failed_loads) - failed))
	echo "load $loads $(traced load) store $stores $(traced store) fail $failed $(traced fail)"
	((loads >= 200 && failed > 0 && loads == $(traced load) && stores == $(traced store))) &&
		((failed == $(traced fail))) &&
		grep -q ' fail: slot=.* pages=1 bytes=4096 latency_ns=.* error=-5' "$trace/trace"
}

all_pages_freed() {
	swapoff /dev/fastswap0 && (($(stat_of curr_pages) == 1))
}

hooks=(auto)
! has_swap_ops || hooks+=(swap_ops)
for hook in "${hooks[@]}"; do
	echo 0 >/proc/sys/vm/page-cluster
	ok "up, hook=$hook" up "$hook"
	# Whoever asks has it looked for.
	ok "$hook: the area is known" test "$(pool_says area)" = 0
	ok "$hook: loads are major faults, the device sees none" all_by_hook
	ok "$hook: so with four threads" all_by_hook --threads 4
	ok "$hook: histograms cover every page" histograms_cover
	echo 3 >/proc/sys/vm/page-cluster
	ok "$hook: read-ahead through the hook" read_ahead_by_hook
	ok "$hook: tracepoints tell of every page" tracepoints_tell
	ok "$hook: swapoff leaves but the header" all_pages_freed
	down
done
echo 0 >/proc/sys/vm/page-cluster
ok "up, hook=none" up none
ok "loads are major faults, the device sees all" all_by_device
ok "histograms cover the device's pages" histograms_cover
down
echo 3 >/proc/sys/vm/page-cluster
ok "up, async_readahead=1" up auto async_readahead=1
ok "read-ahead through the device" windows_by_device
ok "histograms cover read-ahead" histograms_cover
echo 0 >/proc/sys/vm/page-cluster
ok "single pages through the hook" all_by_hook
finish
