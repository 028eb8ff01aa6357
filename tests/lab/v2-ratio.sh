#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lab: --cpus 4 --mem 2G --numa 2 --disk 1G --host-memory 128M
# The ratio holds on v2: resident memory within 1 % of the limit in the measure phase, or a flag;
# events and pressure are the group's; the group and all its traces are gone afterwards.
. "$(dirname "$0")/../lib.sh"

machine_state >"$tmp/before"
expect_run "$fmbench" run memaslap --ratio 1,0.5,0.25 -o memory=48M --duration 5s --warmup 1s \
	--backend zram
wait_same "$tmp/before" || fail "something was left behind"
sql "SELECT ratio, local_bytes, limit_bytes, flags FROM run_summary" >"$tmp/rows"
awk -F'|' '$1 < 1 { off = ($2 - $3) / $3; if (off > 0.01 && $4 !~ /EVICTION_INCOMPLETE/) bad = 1
	if (off < -0.01 && $4 !~ /LIMIT_NOT_REACHED/ && off < -0.02) bad = 1 } END { exit bad }' "$tmp/rows" || {
	cat "$tmp/rows"
	fail "resident memory misses the limit by more than 1 % without a flag"
}
[[ $(sql "SELECT delta FROM phase_delta d JOIN run_job r ON r.id = run
	WHERE phase = 'measure'
	AND collector = 'memory_events' AND key = 'high' AND ratio = 0.25") -gt 0 ]] ||
	fail "memory.events counted no 'high' at ratio 0.25"
[[ $(sql "SELECT delta FROM phase_delta d JOIN run_job r ON r.id = run
	WHERE phase = 'measure'
	AND collector = 'pressure' AND key = 'some_total' AND ratio = 0.25") -gt 0 ]] ||
	fail "memory.pressure counted no stall at ratio 0.25"
[[ $(sql "SELECT count(*) FROM run_summary WHERE ratio = 1 AND major_faults > 20") == 0 ]] ||
	fail "page-ins at ratio 1"
[[ $(sql "SELECT count(*) FROM flag WHERE code = 'V1_LIMIT'") == 0 ]] || fail "V1_LIMIT on v2"

# A disk as far memory: everything that leaves is written to it.
expect_run "$fmbench" run quicksort --ratio 0.5 -o memory=32M --backend swapfile -o swapfile.size=96M
[[ $(sql "SELECT major_faults > 0 AND far_bytes > 0 FROM run_summary
	WHERE backend = 'swapfile' AND ratio < 1") == 1 ]] || fail "nothing went to the swap file"
wait_same "$tmp/before" || fail "something was left behind by swapfile"
