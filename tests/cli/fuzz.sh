#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A bounded round of fuzzing for each parser (make fuzz takes its time). Prints TAP.
cd "$(dirname "$0")/../.." || exit 1

seconds=5
[[ ! ${FMBENCH_LONG-} ]] || seconds=300
number=0 failed=0
for program in build/fuzz/fuzz_*; do
	[[ -x $program ]] || { echo "no build/fuzz/fuzz_*: make fuzz-programs"; exit 1; }
	target=${program##*/}
	number=$((number + 1))
	if tests/fuzz/run.sh "$target" "${FUZZ_SECONDS:-$seconds}"; then
		echo "ok $number - $target"
	else
		echo "not ok $number - $target"
		failed=1
	fi
done
exit "$failed"
