#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tests/fuzz/run.sh TARGET SECONDS: fuzz one target, from its fixtures; a finding's input is kept.
set -euo pipefail
cd "$(dirname "$0")/../.."

target=$1 seconds=$2
corpus=build/fuzz/corpus/$target found=build/fuzz/found
mkdir -p "$corpus" "$found"
fixtures=tests/fixtures/fuzz/${target#fuzz_}
scratch=(/dev/shm/fmbench-fuzz.*)
trap 'rm -rf /dev/shm/fmbench-fuzz.??????' EXIT
[[ ! -e ${scratch[0]} ]] || rm -rf "${scratch[@]}"

log=$(mktemp)
if ! build/fuzz/"$target" -max_total_time="$seconds" -max_len=4096 -timeout=10 -rss_limit_mb=4096 \
	-verbosity=0 -print_final_stats=1 -artifact_prefix="$found/$target-" \
	"$corpus" "$fixtures" >"$log" 2>&1; then
	tail -n 40 "$log"
	echo "$target: a finding; its input is in $found. Mend it, then put it into $fixtures" >&2
	exit 1
fi
awk -v target="$target" '/number_of_executed_units/ { print target ": " $2 " inputs, no finding" }' "$log"
rm -f "$log"
