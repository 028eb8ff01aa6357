#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The micro suite against its peers on one zram swap: faults per second of the kernel's path, then
# of userfaultfd. Needs `make bench-programs` and root.
#
#	bench/micro_peers.sh [REGION [SECONDS [ROUNDS]]]
set -euo pipefail
cd "$(dirname "$0")/.."

region=${1:-512M} seconds=${2:-3} rounds=${3:-5}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
db=$dir/peers.db

# A limit that most of the region does not fit under; the program's output is the run's artifact.
rc=0
build/fmbench run -q --db "$db" --backend zram --peak "$region" --ratio 0.2 -- \
	build/bench/micro_peers "$region" "$seconds" "$rounds" >"$dir/table" || rc=$?
cat "$dir"/artifacts/*/command.log || cat "$dir/table"

printf '\n%-14s %s\n' userfaultfd faults/s
for ((i = 0; i < rounds; i++)); do
	build/fmbench micro uffd -q --db "$db" --experiment uffd --seed "$i" --backend none \
		-o measure=throughput -o duration="$seconds" >"$dir/table"
	command -v stress-ng >/dev/null || continue
	stress-ng --userfaultfd 1 --userfaultfd-bytes 256M --timeout "$seconds" --metrics-brief 2>&1 |
		awk '$4 == "userfaultfd" && $5 > 0 && NF == 10 { printf "%-14s %.0f\n", "stress-ng", $9 }'
done
build/fmbench export csv results --db "$db" --experiment uffd |
	awk -F, '$2 == "faults" { printf "%-14s %.0f\n", "fmbench", $3 }'
exit "$rc"
