#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SIGKILL at random moments of real runs: without anyone typing anything, the
# machine is as it was and the database opens clean. KILLS says how many (6, make check-kill: 100).
. "$(dirname "$0")/../lib.sh"
need_swap

kills=${KILLS:-$(by_length 6 100)}
RANDOM=${SEED:-$$}
echo "# seed $RANDOM"

disk=swapfile
"$fmbench" backend list | grep -q '^swapfile *ready' || disk=zram # the lab guest has no disk

# run NUMBER: by turns memaslap and quicksort, on zram and on a swap file.
run() {
	local run backend=zram
	if (($1 % 2)); then
		run=(memaslap --peak 32M -o memory=32M --duration 7s --warmup 1s)
	else
		run=(quicksort --peak 32M -o memory=32M)
	fi
	(($1 % 4 < 2)) || backend=$disk
	exec "$fmbench" run "${run[@]}" --ratio 0.5 --backend "$backend" >"$tmp/out" 2>"$tmp/err"
}

# How long each kind takes here, in ms, so that kills fall on every moment of its life.
lasts=()
measure() {
	local begin=${EPOCHREALTIME/./}
	(run "$1") || [[ $? -eq 7 ]] || { cat "$tmp/err"; fail "run $1 does not work"; }
	lasts[$1]=$(((${EPOCHREALTIME/./} - begin) / 1000 + 1))
}

machine_state >"$tmp/before"
for ((i = 1; i <= kills; i++)); do
	[[ ${lasts[i % 4]-} ]] || measure $((i % 4))
	(run "$i") &
	pid=$!
	ms=$(((RANDOM * 32768 + RANDOM) % lasts[i % 4]))
	sleep "$((ms / 1000)).$(printf '%03d' $((ms % 1000)))"
	kill -9 "$pid" 2>/dev/null || true
	wait "$pid" 2>/dev/null || true
	wait_same "$tmp/before" || fail "kill $i, $ms ms after its begin"
	if [[ -e $FMBENCH_DB ]]; then
		[[ $(sql 'PRAGMA integrity_check') == ok ]] || fail "kill $i: the database is damaged"
	fi
done
expect_run "$fmbench" run null
[[ $(sql "SELECT count(*) FROM run WHERE status = 'started'") == 0 ]] ||
	fail "a killed run is still marked as under way"
[[ $(sql "SELECT count(*) FROM run WHERE status = 'failed'") -gt 0 ]] ||
	fail "no killed run was recorded: the kills came too early to test anything"
