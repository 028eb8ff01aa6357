#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lab: --cpus 4 --mem 2G --numa 2 --disk 1G --host-memory 128M
# The wall clock is set an hour forward, then an hour back, while runs are measured. fmbench's own
# durations and samples don't show it. memaslap takes its times from the wall clock: such a run is
# not trusted, or failed with the reason. In the guest, whose clock is nobody else's.
. "$(dirname "$0")/../lib.sh"

# step_during SECONDS PHASE COMMAND...: set the clock at that phase's end ("": a second after the
# run's begin). Sets status.
step_during() {
	local step=$1 phase=$2 run pid
	shift 2
	run=$(($(sql "SELECT count(*) FROM run" 2>/dev/null || echo 0) + 1))
	"$@" >"$tmp/out" 2>"$tmp/err" &
	pid=$!
	until [[ $(sql "SELECT 1 FROM run WHERE id = $run AND ('$phase' = '' OR EXISTS
		(SELECT 1 FROM phase WHERE run = $run AND name = '$phase'))" 2>/dev/null) == 1 ]]; do
		kill -0 "$pid" || fail "ended too early: $(<"$tmp/err")"
		sleep 0.1
	done
	[[ $phase ]] || sleep 1.5
	date -s "@$(($(date +%s) + step))" >/dev/null
	status=0
	wait "$pid" || status=$?
}

for step in 3600 -3600; do
	step_during "$step" '' "$fmbench" run --backend none -- sleep 4
	[[ $status -eq 0 || $status -eq 7 ]] || fail "clock set by $step s: $(<"$tmp/err")"
done
# Run by run: the command's time, the measure phase, the ticks in it, the longest gap between two.
sql "WITH m AS (SELECT * FROM phase WHERE name = 'measure'),
	t AS (SELECT t.run, begin_ns - lag(begin_ns) OVER (PARTITION BY run ORDER BY tick) AS gap
	      FROM tick t),
	g AS (SELECT run, count(*) AS nr, max(gap) / 1e9 AS gap, min(gap) AS least FROM t GROUP BY run)
	SELECT value, (end_ns - begin_ns) / 1e9, nr, gap, least > 0
	FROM m JOIN g USING (run) JOIN result r ON r.run = m.run AND r.name = 'elapsed'" >"$tmp/rows"
cat "$tmp/rows"
[[ $(wc -l <"$tmp/rows") -eq 2 ]] || fail "not two runs"
awk -F'|' '$1 < 3.9 || $1 > 900 || $2 < 3.9 || $2 > 900 || $3 < 10 || $4 > 900 || !$5 { exit 1 }' \
	"$tmp/rows" || fail "the clock's step shows"

flagged=0
slap=("$fmbench" run memaslap -o objects=16384 --backend none --warmup 1s --duration 5s)
for step in 3600 -3600; do
	step_during "$step" warmup "${slap[@]}"
	if [[ $status -eq 1 ]]; then
		grep -q "can't bear that the machine's clock is set" "$tmp/err" || fail "$(<"$tmp/err")"
	else
		[[ $status -eq 7 ]] || fail "exit status $status, clock set by $step s"
		grep -q CLOCK_STEPPED "$tmp/out" || fail "not flagged: $(<"$tmp/out")"
		flagged=$((flagged + 1))
	fi
done
((flagged)) || fail "both runs failed, and none was flagged"
expect_run "${slap[@]}"
! grep -q CLOCK_STEPPED "$tmp/out" || fail "flagged although the clock was let alone"
