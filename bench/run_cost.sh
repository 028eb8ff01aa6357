#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What fmbench itself costs (make bench):
#	- `fmbench run null` over the bare process, medians of interleaved calls;
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

for ((i = 0; i < rounds; i++)); do
	wall_ms build/fmbench --version >>"$tmp/bare"
	wall_ms build/fmbench run null >>"$tmp/run"
done
bare=$(median <"$tmp/bare") run=$(median <"$tmp/run")
awk -v r="$run" -v b="$bare" -v n="$rounds" 'BEGIN {
	printf "fmbench run null          %6.1f ms, bare process %.1f ms: %.1f ms a run (%d rounds)\n", r, b, r - b, n }'

for ((i = 0; i < 3; i++)); do
	cpu_ms build/fmbench run null -o seconds="$seconds" --sample-hz 10 >>"$tmp/hz10"
	cpu_ms build/fmbench run null -o seconds="$seconds" --sample-hz 0 >>"$tmp/hz0"
done
hz10=$(median <"$tmp/hz10") hz0=$(median <"$tmp/hz0")
awk -v a="$hz10" -v b="$hz0" -v s="$seconds" 'BEGIN {
	printf "sampling all at 10 Hz     %6.2f %% of one core (%.0f ms CPU in %d s, %.0f ms without; 3 rounds)\n",
		(a - b) / s / 10, a, s, b }'
sqlite3 "$FMBENCH_DB" "
	SELECT printf('  of that, reading         %6.3f %% of one core (%.0f us a tick, worst %.0f us)',
		100.0 * sum(end_ns - begin_ns) / (max(end_ns) - min(begin_ns)),
		avg(end_ns - begin_ns) / 1e3, max(end_ns - begin_ns) / 1e3)
	FROM tick WHERE run = (SELECT max(id) FROM run WHERE run_params LIKE '%\"sample-hz\":10,%')"
