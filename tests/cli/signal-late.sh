#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SIGTERM and SIGKILL when a run is measured and stops, and while it undoes what it changed: what was
# measured stays, nothing is left behind, and no further run is begun.
#
# A locked database holds a run in stop(), which has to store the end of the window; a zram device
# that somebody looks at holds it in undo(), as it can't be reset.
. "$(dirname "$0")/../lib.sh"
need_swap

mkfifo "$tmp/go" "$tmp/hold"
expect_run "$fmbench" run null
machine_state >"$tmp/before"

soon() {
	eventually "$@" 2>/dev/null && return
	cat "$tmp/err" >&2
	fail "waited in vain: $*"
}

# begin: two runs of a command that ends when it is told to. $pid; $device, its swap.
begin() {
	"$fmbench" run --repeat 2 --backend zram --sample-hz 0 -- head -n 1 "$tmp/go" >"$tmp/out" \
		2>"$tmp/err" &
	pid=$!
	soon pgrep -f "^head -n 1 $tmp/go" >"$tmp/command"
	device=$(comm -13 <(sort "$tmp/before") <(sort /proc/swaps) | awk '/zram/ { print $1 }')
	[[ -b $device ]] || fail "no swap while a run is under way"
}
ended() { [[ ! -d /proc/$1 ]]; }
locked() { ! sql 'BEGIN IMMEDIATE'; }
swapped_off() { ! grep -q "^$device " /proc/swaps; }

hold_stop() {
	{ echo 'BEGIN IMMEDIATE;'; cat "$tmp/hold"; } | sqlite3 "$FMBENCH_DB" &
	holder=$!
	exec 9>"$tmp/hold"
	soon locked
	echo >"$tmp/go"
	soon ended "$(<"$tmp/command")"
	sleep 0.3 # it has been reaped, and stop() waits for the lock
}
hold_undo() {
	exec 9<"$device"
	echo >"$tmp/go"
	soon swapped_off
}

runs=1
for hold in stop undo; do
	for signal in TERM KILL; do
		begin
		hold_$hold
		kill "-$signal" "$pid"
		sleep 0.2
		exec 9>&-
		[[ $hold != stop ]] || wait "$holder"
		soon ended "$pid"
		status=0
		wait "$pid" || status=$?
		wait_same "$tmp/before" || fail "SIG$signal in $hold left something behind"
		runs=$((runs + 1))
		[[ $(sql 'SELECT count(*) FROM run') == "$runs" ]] || fail "SIG$signal in $hold: another run"
		[[ $(sql 'PRAGMA integrity_check') == ok ]] || fail "the database is damaged"
		if [[ $signal == TERM ]]; then
			[[ $status -eq 1 ]] || fail "exit status $status after SIGTERM in $hold"
			grep -q 'interrupted by SIGTERM' "$tmp/err" || fail "SIGTERM is not named"
			[[ $(sql "SELECT status FROM run WHERE id = $runs") =~ ok|untrusted ]] ||
				fail "SIGTERM in $hold: what was measured is not kept"
		fi
	done
done
expect_run "$fmbench" run null
[[ $(sql "SELECT group_concat(status) FROM run WHERE id IN (3, 5)") == failed,failed ]] ||
	fail "a killed run is not recorded as failed"
