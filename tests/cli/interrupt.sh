#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SIGINT, SIGTERM and SIGHUP in each phase: a failed run with the reason, everything undone.
. "$(dirname "$0")/../lib.sh"
need_swap

# Is the run past this phase? Its row is written at its end; "" asks for the run itself.
past() {
	[[ -e $FMBENCH_DB && $(sql "SELECT count(*) FROM run WHERE status = 'started'") -gt 0 ]] ||
		return 1
	[[ -z $1 || $(sql "SELECT count(*) FROM phase WHERE name = '$1'
		AND run = (SELECT max(id) FROM run)") -gt 0 ]]
}

machine_state >"$tmp/before"
n=0
for signal_past in INT: TERM:load HUP:shrink INT:warmup; do
	signal=${signal_past%:*} phase=${signal_past#*:}
	env --default-signal=INT "$fmbench" run memaslap --ratio 0.5 --peak 128M -o memory=128M \
		--duration 600s --backend zram >"$tmp/out" 2>"$tmp/err" &
	pid=$!
	eventually past "$phase" || fail "the run never came past phase '$phase'"
	kill "-$signal" "$pid"
	status=0
	wait "$pid" || status=$?
	n=$((n + 1))
	[[ $status -eq 1 ]] || fail "exit status $status after SIG$signal"
	grep -q "interrupted by SIG$signal" "$tmp/err" || fail "SIG$signal past '$phase' is not named: $(<"$tmp/err")"
	wait_same "$tmp/before" || fail "SIG$signal past '$phase' left something"
	[[ $(sql "SELECT count(*) FROM run WHERE status = 'failed'") -eq $n ]] ||
		fail "SIG$signal: the run is not recorded as failed"
done
