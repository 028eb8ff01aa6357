#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The micro suite against its peers, taking turns: faults per second of the kernel's path on one
# zram swap, then of userfaultfd. Medians over rounds. Every row is printed, and where a peer has more
# the row says so and the exit status is 1. Root; `make bench-micro` builds what it needs.
#
#	bench/micro_peers.sh [REGION [SECONDS [ROUNDS]]]
set -euo pipefail
cd "$(dirname "$0")/.."

region=${1:-512M} seconds=${2:-3} rounds=${3:-5}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
db=$dir/peers.db

# A limit that most of the region does not fit under, and swap for two of them, as stress-ng has its
# own; the program's output is the run's artifact.
status=0
build/fmbench run -q --db "$db" --backend zram --page-cluster 0 --peak "$region" --ratio 0.2 \
	-o zram.size=64G -- \
	build/bench/micro_peers "$region" "$seconds" "$rounds" >"$dir/table" 2>"$dir/why" || status=$?
if ! cat "$dir"/artifacts/*/command.out 2>/dev/null; then
	echo "the kernel's path: not measured:"
	cat "$dir/why"
fi

# uffd HANDLER: one turn of ours, into $dir/rates.
uffd() {
	if ! build/fmbench micro uffd -q --db "$db" --experiment "$1-$round" --backend none \
		-o measure=throughput -o handler="$1" -o duration="$seconds" \
		>"$dir/table" 2>"$dir/why"; then
		echo "fmbench, $1: a turn failed: $(<"$dir/why")" >&2
		status=1
		return
	fi
	build/fmbench export csv results --db "$db" --experiment "$1-$round" |
		awk -F, -v name="fmbench, $1" '$3 == "faults" { print name "\t" $4 }'
}

# Columns of its table: ops are pages, column 9 is ops per second of real time.
stress_ng() {
	stress-ng --userfaultfd 1 --userfaultfd-bytes 256M --timeout "$seconds" --metrics-brief 2>&1 |
		awk '$4 == "userfaultfd" && NF >= 10 { printf "stress-ng\t%.0f\n", $9 }'
}

for ((round = 1; round <= rounds; round++)); do
	uffd sigbus
	uffd poll
	if command -v stress-ng >/dev/null; then
		stress_ng || echo "stress-ng: a turn failed" >&2
	fi
done >"$dir/rates"

printf '\n%-20s %12s %22s\n' userfaultfd faults/s 'ours / its, medians'
sort -t$'\t' -k1,1 -k2,2n "$dir/rates" | awk -F'\t' '
	{ rate[$1, ++n[$1]] = $2 }
	function median(who) {
		return (rate[who, int((n[who] + 1) / 2)] + rate[who, int(n[who] / 2) + 1]) / 2
	}
	END {
		ours = "fmbench, sigbus" in n ? median("fmbench, sigbus") : 0
		for (who in n) {
			beyond = median(who) > ours
			printf "%-20s %12.0f %22.2f%s\n", who, median(who), ours / median(who),
				beyond ? "  beyond its bound: at least 1" : ""
			less += beyond
		}
		exit !ours || less > 0
	}' || status=1
exit "$status"
