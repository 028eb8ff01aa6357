#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What fmbench itself costs (make bench):
#	- `fmbench run null` over the bare process, medians of interleaved calls, beside what else starts a
#	  program in a group of its own: systemd-run and cgexec;
#	- CPU time of a run that samples everything at 10 Hz over one that samples nothing.
set -euo pipefail
cd "$(dirname "$0")/.."

rounds=${ROUNDS:-15}
seconds=${SECONDS_EACH:-10}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export FMBENCH_DB=$tmp/bench.db FMBENCH_STATE_DIR=$tmp/state

median() {
	sort -g | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

# wall_ms COMMAND…: how long it takes, in ms.
wall_ms() {
	local begin=$EPOCHREALTIME end
	"$@" >/dev/null 2>&1 || [[ $? -eq 7 ]]
	end=$EPOCHREALTIME
	awk -v b="$begin" -v e="$end" 'BEGIN { printf "%.3f\n", (e - b) * 1e3 }'
}

# cpu_ms COMMAND…: user and system time of it and its children, in ms.
cpu_ms() {
	local TIMEFORMAT='%U %S'
	{ time "$@" >/dev/null 2>&1 || [[ $? -eq 7 ]]; } 2>&1 |
		awk '{ printf "%.3f\n", ($1 + $2) * 1e3 }'
}

in_scope() {
	systemd-run --scope --quiet true
}

# Groups by hand, as fmbench's: made, entered, removed.
in_cgexec() {
	local rc=0

	cgcreate -g memory:fmbench-bench || return
	cgexec -g memory:fmbench-bench true || rc=$?
	cgdelete -g memory:fmbench-bench && return "$rc"
}

# NAME|COMMAND|what is subtracted from its time, a process that does nothing.
rows=("fmbench run null|build/fmbench run null|build/fmbench --version")
for peer in 'systemd-run --scope|systemd-run|in_scope' 'cgcreate, cgexec, cgdelete|cgexec|in_cgexec'; do
	IFS='|' read -r name program call <<<"$peer"
	if ! command -v "$program" >/dev/null; then
		echo "$name: not measured, $program is not installed"
	elif ! why=$("$call" 2>&1); then
		echo "$name: not measured: ${why:-it failed}"
	else
		rows+=("$name|$call|/bin/true")
	fi
done

for ((i = 0; i < rounds; i++)); do
	for ((k = 0; k < ${#rows[@]}; k++)); do
		IFS='|' read -r name call bare <<<"${rows[k]}"
		read -ra call <<<"$call"
		read -ra bare <<<"$bare"
		wall_ms "${bare[@]}" >>"$tmp/bare$k"
		wall_ms "${call[@]}" >>"$tmp/call$k"
	done
done
for ((k = 0; k < ${#rows[@]}; k++)); do
	awk -v name="${rows[k]%%|*}" -v r="$(median <"$tmp/call$k")" -v b="$(median <"$tmp/bare$k")" \
		-v n="$rounds" 'BEGIN {
		printf "%-27s %6.1f ms, bare process %4.1f ms: %6.1f ms more (%d rounds)\n",
			name, r, b, r - b, n }'
done

for ((i = 0; i < 3; i++)); do
	cpu_ms build/fmbench run null -o seconds="$seconds" --sample-hz 10 >>"$tmp/hz10"
	cpu_ms build/fmbench run null -o seconds="$seconds" --sample-hz 0 >>"$tmp/hz0"
done
hz10=$(median <"$tmp/hz10") hz0=$(median <"$tmp/hz0")
awk -v a="$hz10" -v b="$hz0" -v s="$seconds" 'BEGIN {
	printf "sampling all at 10 Hz       %6.2f %% of one core (%.0f ms CPU in %d s, %.0f ms without; 3 rounds)\n",
		(a - b) / s / 10, a, s, b }'
sqlite3 "$FMBENCH_DB" "
	SELECT printf('  of that, reading           %6.3f %% of one core (%.0f us a tick, worst %.0f us)',
		100.0 * sum(end_ns - begin_ns) / (max(end_ns) - min(begin_ns)),
		avg(end_ns - begin_ns) / 1e3, max(end_ns - begin_ns) / 1e3)
	FROM tick WHERE run = (SELECT max(id) FROM run WHERE run_params LIKE '%\"sample-hz\":10,%')"
