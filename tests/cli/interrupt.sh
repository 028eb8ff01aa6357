#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SIGINT, SIGTERM and SIGHUP in each phase: a failed run with the reason, everything undone.
. "$(dirname "$0")/../lib.sh"
need_swap

machine_state >"$tmp/before"
n=0
for signal_after in INT:0.3 TERM:1.5 HUP:3 INT:5; do
	signal=${signal_after%:*} after=${signal_after#*:}
	env --default-signal=INT "$fmbench" run memaslap --ratio 0.5 --peak 128M -o memory=128M \
		--duration 20s --backend zram >"$tmp/out" 2>"$tmp/err" &
	pid=$!
	sleep "$after"
	kill "-$signal" "$pid"
	status=0
	wait "$pid" || status=$?
	n=$((n + 1))
	[[ $status -eq 1 ]] || fail "exit status $status after SIG$signal"
	grep -q "interrupted by SIG$signal" "$tmp/err" || fail "SIG$signal is not named"
	wait_same "$tmp/before" 0 || fail "SIG$signal after $after s left something"
	[[ $(sql "SELECT count(*) FROM run WHERE status = 'failed'") -eq $n ]] ||
		fail "SIG$signal: the run is not recorded as failed"
done
