#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lab: --cpus 4 --mem 2G --numa 2 --disk 1G --host-memory 128M
# lab-5.10: --cpus 2 --mem 2G
# lab-6.12: --rdma --cpus 2 --mem 2G --numa 2
# v2 with too little swap: who can't get below memory.high is told so, by how much, and flagged.
# And where a peak comes from: readings of what can be far, with memory.peak (Linux 5.19) beside it.
. "$(dirname "$0")/../lib.sh"

machine_state >"$tmp/before"
# expect_full PHASE COMMAND…: it fails for want of swap in that phase.
expect_full() {
	local phase=$1
	shift
	expect 1 "$@" -o memory=64M --peak 64M --ratio 0.25 --settle-timeout 3s --backend zram \
		-o zram.size=16M
	grep -qE 'the swap area of 16M is full, and [1-9][0-9.]*M more have to leave' "$tmp/err" ||
		fail "not said: $(<"$tmp/err")"
	[[ $(sql "SELECT severity || ' ' || detail FROM flag WHERE code = 'SWAP_FULL'
		AND run = (SELECT max(id) FROM run)") == "fatal the swap area was full in phase $phase, 1"* ]] ||
		fail "not flagged: $(sql "SELECT * FROM flag")"
	wait_same "$tmp/before" 5 || fail "something was left behind"
}
expect_full measure "$fmbench" run quicksort
expect_full measure "$fmbench" run quicksort --sample-hz 0
expect_full shrink "$fmbench" run memaslap

# source_of_peak HZ WHAT: a run without a limit says so of its peak, which a run at ratio 0.5 takes.
source_of_peak() {
	expect_run "$fmbench" run quicksort --ratio 0.5 -o memory="$2" --backend zram --sample-hz "$1"
	sql "SELECT json_extract(facts, '\$.peak_source'), peak_bytes > 30 << 20,
		json_extract(facts, '\$.memory_peak_bytes') > peak_bytes FROM run_job
		WHERE limit_bytes IS NULL ORDER BY id DESC LIMIT 1" >"$tmp/peak"
	"$fmbench" show "$(sql "SELECT max(id) FROM run_job WHERE limit_bytes IS NULL")" >"$tmp/show"
}
mkdir /sys/fs/cgroup/look
kept=$([[ ! -e /sys/fs/cgroup/look/memory.peak ]] || echo yes)
rmdir /sys/fs/cgroup/look
memory=32
for hz in 0 200; do
	source_of_peak $hz $((memory += 4))M
	grep -q "^samples at $((hz > 10 ? hz : 10)) Hz|1|${kept:+1}$" "$tmp/peak" ||
		fail "a peak of $(<"$tmp/peak")"
	grep -qE '^ *peak .*samples at' "$tmp/show" || fail "not shown: $(<"$tmp/show")"
	[[ ! $kept ]] || grep -qE '^ *memory.peak ' "$tmp/show" || fail "memory.peak is not shown"
done
