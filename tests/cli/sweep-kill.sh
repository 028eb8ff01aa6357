#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A sweep that is killed five times with SIGKILL makes the same set of cells as one that is not, and
# makes none of them twice.
. "$(dirname "$0")/../lib.sh"
need_swap

ini=tests/fixtures/experiments/quick.ini
kills=${KILLS:-$(by_length 5 30)}
RANDOM=${SEED:-$$}
echo "# seed $RANDOM"

cells() {
	sql "SELECT experiment, workload, workload_params, backend, backend_params, run_params,
		ratio, repeat, seed FROM run_job WHERE status IN ('ok', 'untrusted') ORDER BY 1, 2, 3, 4,
		5, 6, 7, 8, 9"
}

# Without memory.high (cgroup v1) the kernel may kill a workload at its limit: that cell failed, and
# gets another chance.
sweep_to_the_end() {
	local i
	for ((i = 0; i < 4; i++)); do
		"$fmbench" sweep "$ini" >"$tmp/out" 2>"$tmp/err" || [[ $? -eq 7 ]] && return 0
	done
	cat "$tmp/err" >&2
	fail "the sweep does not end well"
}

sweep_to_the_end
cells >"$tmp/whole"
[[ $(wc -l <"$tmp/whole") -eq 8 ]] || fail "not eight cells"
whole_ms=$(sql "SELECT CAST(sum(end_ns - begin_ns) / 1e6 AS INTEGER) FROM run WHERE status <> 'failed'")
rm -rf "$FMBENCH_DB"* "$FMBENCH_STATE_DIR"

# under_way PID: a run of that process is.
under_way() {
	[[ $(sql "SELECT count(*) FROM run WHERE pid = $1 AND status = 'started'" 2>/dev/null) == 1 ]]
}

killed=0
for ((i = 0; i < kills; i++)); do
	"$fmbench" sweep "$ini" >"$tmp/out" 2>"$tmp/err" &
	pid=$!
	until under_way "$pid"; do
		kill -0 "$pid" 2>/dev/null || fail "nothing left to do before kill $i"
		sleep 0.02
	done
	# Of a run's mean time: some end before, into the next one, most do not.
	ms=$((RANDOM % (whole_ms / 8)))
	sleep "$((ms / 1000)).$(printf '%03d' $((ms % 1000)))"
	kill -9 "$pid" 2>/dev/null && killed=$((killed + 1))
	wait "$pid" 2>/dev/null || true
done
[[ $killed -eq $kills ]] || fail "only $killed of $kills kills hit a sweep that was running"
sweep_to_the_end
cells >"$tmp/killed"
diff "$tmp/whole" "$tmp/killed" >&2 || fail "not the same cells"
[[ $(sql "SELECT count(*) FROM run WHERE status = 'started'") == 0 ]] || fail "a run hangs"
[[ $(sql "SELECT count(*) FROM run WHERE status = 'failed'") -gt 0 ]] ||
	fail "no kill hit a run: too early to test anything"
[[ $(sql 'PRAGMA integrity_check') == ok ]] || fail "the database is damaged"
