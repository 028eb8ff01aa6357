#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Workload kv with real servers: an open loop sees a stall that a closed one does not, the values at
# half of the memory are the right ones, and what goes wrong is said.
. "$(dirname "$0")/../lib.sh"
need_swap
command -v memcached >/dev/null || skip "no memcached (make deps)"

run=("$fmbench" run kv -o memory=32M --backend zram --duration 4s --warmup 500ms)
machine_state >"$tmp/before"

# of NAME: a result of the latest run.
of() {
	sql "SELECT value FROM result WHERE run = (SELECT max(id) FROM run) AND name = '$1'"
}

# holds EXPRESSION: awk's.
holds() {
	awk "BEGIN { exit !($1) }" || fail "not so: $1"
}

# in_window: the latest run has come so far.
in_window() {
	[[ $(sql "SELECT count(*) FROM phase WHERE name = 'warmup' AND
		run = (SELECT id FROM run WHERE status = 'started')" 2>/dev/null) == 1 ]]
}

# stall COMMAND…: a run whose server stands still for 0.3 s in its window.
stall() {
	local run server
	"$@" >"$tmp/out" 2>"$tmp/err" &
	run=$!
	eventually in_window || fail "no window: $(cat "$tmp/err")"
	server=$(pgrep -n -x memcached)
	sleep 0.5
	kill -STOP "$server"
	sleep 0.3
	kill -CONT "$server"
	wait "$run" || [[ $? -eq 7 ]] || fail "the run failed: $(cat "$tmp/err")"
}

# slow: the share of the latest run's answers that took more than 100 ms.
slow() {
	sql "SELECT total(count) FILTER (WHERE low > 100000000) / total(count) FROM bucket
		WHERE run = (SELECT max(id) FROM run) AND name = 'latency'"
}

# Of the requests that are meant to be sent in the window a twentieth find the server standing for more
# than 100 ms.
stall "${run[@]}" --ratio 1 -o rate=2k
holds "$(of latency_max) > 280000"
open=$(slow)
holds "$open > 0.04"
# In a closed loop it is one request a connection: nobody comes meanwhile.
stall "${run[@]}" --ratio 1
holds "$(of latency_max) > 280000"
holds "$(slow) < $open / 2"

# Half of the memory, paced by the server's own capacity; every value is checked.
expect_run "${run[@]}" --ratio 0.5 --peak 40M -o rate=20% -o get-share=0.7
holds "$(of capacity) > 0 && $(of offered) < 0.25 * $(of capacity)"
holds "$(of get_misses) + $(of refusals) == 0"
[[ $(sql "SELECT count(*) FROM flag WHERE code = 'PAGE_CORRUPTED'") -eq 0 ]] || fail "corrupted"
holds "$(sql "SELECT major_faults FROM run_summary ORDER BY run DESC LIMIT 1") > 100"
expect_run "$fmbench" export csv rates --collector progress --every 1s
grep -q operations "$tmp/out" || fail "no operations over time"

# More than anybody can: what was achieved is said.
expect_run "${run[@]}" --ratio 1 -o rate=10M
grep -q PACED_BEHIND "$tmp/out" || fail "nobody fell behind: $(cat "$tmp/out")"

if command -v redis-server >/dev/null; then
	expect_run "${run[@]}" --ratio 1 -o server=redis -o rate=20% -o value-size=16-2K
	holds "$(of get_misses) + $(of refusals) == 0 && $(of ops) > 0"
fi
wait_same "$tmp/before" || fail "something was left behind"

# A server that dies.
"${run[@]}" --ratio 1 >"$tmp/out" 2>"$tmp/err" &
pid=$!
eventually in_window
kill -KILL "$(pgrep -n -x memcached)"
! wait "$pid" || fail "a run without its server went well"
grep -q "memcached on port .* was killed by signal 9" "$tmp/err" || fail "$(cat "$tmp/err")"
wait_same "$tmp/before" || fail "a failed run left something"

expect 2 "${run[@]}" -o rate=often
expect 2 "${run[@]}" -o value-size=2M
expect 2 "${run[@]}" -o keys=3
expect 2 "${run[@]}" --duration 1s
command -v valkey-server >/dev/null || expect 3 "${run[@]}" -o server=valkey
