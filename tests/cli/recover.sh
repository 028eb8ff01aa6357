#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Harness and janitor killed together: `fmbench recover` puts the machine back, and so does the
# next run. What belongs to a live run is left alone.
. "$(dirname "$0")/../lib.sh"
need_swap

machine_state >"$tmp/before"

# Start a run, wait until its swap is on, kill the harness and everything it forked but the
# workload: the janitor is its child.
double_kill() {
	"$fmbench" run quicksort --ratio 0.5 --peak 512M -o memory=512M --backend zram \
		>"$tmp/out" 2>"$tmp/err" &
	local pid=$! janitor
	eventually grep -q zram /proc/swaps || fail "the run did not turn swap on"
	if [[ ${1-} == live ]]; then
		"$fmbench" recover >"$tmp/recover"
		grep -q 'nothing to recover' "$tmp/recover" || fail "recover touched a live run"
		grep -q zram /proc/swaps || fail "recover turned off the swap of a live run"
	fi
	janitor=$(pgrep -P "$pid" -x 'fmbench-janitor') || fail "no janitor"
	kill -STOP "$janitor"
	kill -9 "$pid"
	wait "$pid" 2>/dev/null || true
	kill -9 "$janitor"
	machine_state | cmp -s "$tmp/before" - && fail "nothing was left to recover from"
	return 0
}

double_kill live
expect 0 "$fmbench" recover
wait_same "$tmp/before" || fail "recover left something"
grep -q 'undid 1' "$tmp/out" || fail "recover does not say what it did"
expect 0 "$fmbench" recover
grep -q 'nothing to recover' "$tmp/out" || fail "a second recover found something"

double_kill
expect_run "$fmbench" run null
wait_same "$tmp/before" || fail "the next run left something"
