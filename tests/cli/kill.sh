#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SIGKILL at random moments of real runs: within two seconds, without anyone typing anything, the
# machine is as it was and the database opens clean. KILLS says how many (make check-kill: 100).
. "$(dirname "$0")/../lib.sh"
need_swap

kills=${KILLS:-8}
RANDOM=${SEED:-$$}
echo "# seed $RANDOM"
machine_state >"$tmp/before"
for ((i = 1; i <= kills; i++)); do
	if ((i % 2)); then
		run=(memaslap --peak 96M -o memory=96M --duration 4s --warmup 1s)
		latest=7000
	else
		run=(quicksort --peak 64M -o memory=64M)
		latest=1500
	fi
	backend=$((i % 4 < 2 ? 0 : 1))
	names=(zram swapfile)
	"$fmbench" run "${run[@]}" --ratio 0.5 --backend "${names[backend]}" \
		>"$tmp/out" 2>"$tmp/err" &
	pid=$!
	ms=$((RANDOM % latest))
	sleep "$((ms / 1000)).$(printf '%03d' $((ms % 1000)))"
	kill -9 "$pid" 2>/dev/null || true
	wait "$pid" 2>/dev/null || true
	wait_same "$tmp/before" 2 || fail "kill $i, after $ms ms of ${run[0]} on ${names[backend]}"
	if [[ -e $FMBENCH_DB ]]; then
		[[ $(sql 'PRAGMA integrity_check') == ok ]] || fail "kill $i: the database is damaged"
	fi
done
expect_run "$fmbench" run null
[[ $(sql "SELECT count(*) FROM run WHERE status = 'started'") == 0 ]] ||
	fail "a killed run is still marked as under way"
[[ $(sql "SELECT count(*) FROM run WHERE status = 'failed'") -gt 0 ]] ||
	fail "no killed run was recorded: the kills came too early to test anything"
