#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A sweep of a micro-benchmark over modes, cores and backends, killed with SIGKILL after its first
# run and begun again, makes each cell once.
. "$(dirname "$0")/../lib.sh"
need_swap

cat >"$tmp/e.ini" <<'END'
[experiment]
name = e
repeat = 2
sample-hz = 0

[micro fault_throughput]
backend = zram
mode = noevict evict-dirty
cores = 1
region = 32M
local = 8M
duration = 200ms

[micro uffd]
measure = throughput
region = 16M
local = 4M
duration = 100ms
END
machine_state >"$tmp/before"
done_cells() {
	sql "SELECT count(*) FROM run WHERE status IN ('ok', 'untrusted')" 2>/dev/null || true
}

"$fmbench" sweep "$tmp/e.ini" >"$tmp/out" 2>"$tmp/err" &
pid=$!
until [[ $(done_cells) -ge 1 ]]; do
	kill -0 "$pid" 2>/dev/null || fail "it ended before it could be killed: $(<"$tmp/err")"
	sleep 0.02
done
kill -9 "$pid"
wait "$pid" 2>/dev/null || true
first=$(done_cells)
[[ $first -lt 6 ]] || fail "nothing was left to do"
expect_run "$fmbench" sweep "$tmp/e.ini"
[[ $(done_cells) == 6 ]] || fail "$(done_cells) cells, not 6"
[[ $(sql "SELECT count(*) FROM (SELECT DISTINCT workload, workload_params, backend, repeat
	FROM run_job WHERE status IN ('ok', 'untrusted'))") == 6 ]] || fail "a cell was made twice"
wait_same "$tmp/before" || fail "something was left behind"
