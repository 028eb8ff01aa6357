#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A sweep that is killed ten times with SIGKILL makes the same set of cells as one that is not, and
# makes none of them twice.
. "$(dirname "$0")/../lib.sh"
need_swap

ini=tests/fixtures/experiments/quick.ini
kills=${KILLS:-10}
RANDOM=${SEED:-$$}
echo "# seed $RANDOM"

cells() {
	sql "SELECT experiment, workload, workload_params, backend, backend_params, run_params,
		ratio, repeat, seed FROM run WHERE status IN ('ok', 'untrusted') ORDER BY 1, 2, 3, 4,
		5, 6, 7, 8, 9"
}

expect_run "$fmbench" sweep "$ini"
cells >"$tmp/whole"
[[ $(wc -l <"$tmp/whole") -eq 8 ]] || fail "not eight cells"
whole_ms=$(sql "SELECT CAST((max(end_ns) - min(begin_ns)) / 1e6 AS INTEGER) FROM run")
rm -rf "$FMBENCH_DB"* "$FMBENCH_STATE_DIR"

killed=0
for ((i = 0; i < kills; i++)); do
	"$fmbench" sweep "$ini" >"$tmp/out" 2>"$tmp/err" &
	pid=$!
	# Early enough that some cells are left for the last kill.
	ms=$((RANDOM % (whole_ms * 2 / kills + 50)))
	sleep "$((ms / 1000)).$(printf '%03d' $((ms % 1000)))"
	kill -9 "$pid" 2>/dev/null && killed=$((killed + 1))
	wait "$pid" 2>/dev/null || true
done
[[ $killed -eq $kills ]] || fail "only $killed of $kills kills hit a sweep that was running"
expect_run "$fmbench" sweep "$ini"
cells >"$tmp/killed"
diff "$tmp/whole" "$tmp/killed" >&2 || fail "not the same cells"
[[ $(sql "SELECT count(*) FROM run WHERE status = 'started'") == 0 ]] || fail "a run hangs"
[[ $(sql "SELECT count(*) FROM run WHERE status = 'failed'") -gt 0 ]] ||
	fail "no kill hit a run: too early to test anything"
[[ $(sql 'PRAGMA integrity_check') == ok ]] || fail "the database is damaged"
