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

# watched NAME BACKEND SIZE: a run whose files are read meanwhile.
watched() {
	local watcher
	python3 tests/lab/collectors.py watch "$tmp/$1.json" &
	watcher=$!
	# It takes its time to start; the run is over in seconds.
	until [[ -e $tmp/$1.json ]]; do
		sleep 0.1
	done
	expect_run "$fmbench" run quicksort --ratio 0.5 --peak "$3" -o memory="$3" \
		--page-cluster 0 --backend "$2"
	wait $watcher || {
		cat "$tmp/out" "$tmp/err"
		"$fmbench" show
		fail "the run on $1 was not caught as it swapped"
	}
	run[$1]=$(sql "SELECT max(id) FROM run")
}

watched fastswap-dram fastswap-dram 32M
watched zram zram 32M
# An emulated NIC moves a few hundred pages a second.
watched fastswap-rdma fastswap-rdma 12M
# The kernels that the backends of devices are for have nvme-loop.
if [[ ${FMBENCH_LONG-} ]] && modinfo nvme-loop >/dev/null 2>&1; then
	watched zswap zswap 12M
	watched nvme-loop nvme-loop 12M
fi

"$fmbench" list collectors -v >"$tmp/keys"
for name in "${!run[@]}"; do
	"$fmbench" show -v "${run[$name]}" >"$tmp/$name.shown"
	args+=("$name" "${run[$name]}" "$tmp/$name.json" "$tmp/$name.shown")
done
python3 tests/lab/collectors.py judge "$FMBENCH_DB" "$tmp/keys" "${args[@]}"
