#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A batch workload at three ratios on real swap: no page-ins at ratio 1, some below, the limit
# holds, and what the table says is what the group's own counters say.
. "$(dirname "$0")/../lib.sh"
need_swap

machine_state >"$tmp/before"
expect_run "$fmbench" run quicksort --ratio 1,0.5,0.25 -o memory=128M --backend zram
wait_same "$tmp/before" || fail "something was left behind"
cp "$tmp/out" "$tmp/table"

[[ $(sql "SELECT count(*) FROM run WHERE status IN ('ok','untrusted')") == 3 ]] || fail "not 3 runs"
[[ $(sql "SELECT count(*) FROM run_summary WHERE ratio = 1 AND major_faults > 100") == 0 ]] ||
	fail "page-ins at ratio 1"
[[ $(sql "SELECT count(*) FROM run_summary WHERE ratio < 1 AND major_faults > 1000") == 2 ]] ||
	fail "no page-ins below ratio 1"
# Never above the limit by more than 2 % on average.
[[ $(sql "SELECT count(*) FROM run_summary WHERE ratio < 1
	AND local_bytes > limit_bytes * 1.02") == 0 ]] || fail "the limit does not hold"
# The second command needs no calibration.
expect_run "$fmbench" run quicksort --ratio 0.5 -o memory=128M --backend zram
[[ $(sql "SELECT count(*) FROM run") == 4 ]] || fail "the peak was not reused"
# A stated peak is taken as it is.
expect_run "$fmbench" run quicksort --ratio 0.5 --peak 200M -o memory=128M --backend zram
[[ $(sql "SELECT limit_bytes FROM run_job ORDER BY id DESC LIMIT 1") == $((100 << 20)) ]] ||
	fail "--peak 200M at ratio 0.5 is not a limit of 100M"
