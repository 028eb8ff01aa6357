#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lab: --rdma --cpus 2 --mem 2G --numa 2
# lab-5.10: --rdma --cpus 1 --mem 2G --numa 2
# Every collector on this kernel: which of its keys are there, which move in a run that moves pages,
# and each stored value held against the file itself, read by other code. Prints a table.
#
# While a run goes on its group is frozen, and the files are read twice. What the sampler stored of a
# reading between these two must lie between their values.
. "$(dirname "$0")/../lib.sh"
[[ ${FMLAB-} ]] || skip "runs in the lab guest only"

declare -A run
for backend in fastswap-dram zram fastswap-rdma; do
	python3 tests/lab/collectors.py watch "$tmp/$backend.json" &
	watcher=$!
	# It takes its time to start; the run is over in seconds.
	until [[ -e $tmp/$backend.json ]]; do
		sleep 0.1
	done
	# An emulated NIC moves a few hundred pages a second.
	size=32M
	[[ $backend != fastswap-rdma ]] || size=12M
	expect_run "$fmbench" run quicksort --ratio 0.5 --peak $size -o memory=$size \
		--page-cluster 0 --backend $backend
	wait $watcher || {
		cat "$tmp/out" "$tmp/err"
		"$fmbench" show
		fail "the run on $backend was not caught as it swapped"
	}
	run[$backend]=$(sql "SELECT max(id) FROM run")
done
"$fmbench" list collectors -v >"$tmp/keys"
for backend in "${!run[@]}"; do
	"$fmbench" show -v "${run[$backend]}" >"$tmp/$backend.shown"
	args+=("$backend" "${run[$backend]}" "$tmp/$backend.json" "$tmp/$backend.shown")
done
python3 tests/lab/collectors.py judge "$FMBENCH_DB" "$tmp/keys" "${args[@]}"
