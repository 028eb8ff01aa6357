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

# A namespace of RAM, its target and its host in one kernel.
nvme_up() {
	local i target=/sys/kernel/config/nvmet id=11111111-2222-3333-4444-555555555555
	modprobe -q nvme-loop 2>/dev/null || return 1
	modprobe brd rd_nr=1 rd_size=65536
	mountpoint -q /sys/kernel/config || mount -t configfs configfs /sys/kernel/config
	mkdir "$target/subsystems/s" "$target/subsystems/s/namespaces/1" "$target/ports/1"
	echo 1 >"$target/subsystems/s/attr_allow_any_host"
	echo -n /dev/ram0 >"$target/subsystems/s/namespaces/1/device_path"
	echo 1 >"$target/subsystems/s/namespaces/1/enable"
	echo loop >"$target/ports/1/addr_trtype"
	ln -s "$target/subsystems/s" "$target/ports/1/subsystems/s"
	echo "transport=loop,nqn=s,hostnqn=nqn.2014-08.org.nvmexpress:uuid:$id,hostid=$id" >/dev/nvme-fabrics
	for ((i = 0; i < 100; i++)); do
		[[ ! -b /dev/nvme0n1 ]] || break
		sleep 0.1
	done
	mkswap /dev/nvme0n1 >/dev/null
	swapon /dev/nvme0n1
}

watched fastswap-dram fastswap-dram 32M
watched zram zram 32M
# An emulated NIC moves a few hundred pages a second.
watched fastswap-rdma fastswap-rdma 12M
if [[ ${FMBENCH_LONG-} ]]; then
	modprobe -aq zbud zsmalloc lzo || true
	echo Y >/sys/module/zswap/parameters/enabled
	watched zswap zram 12M
	echo N >/sys/module/zswap/parameters/enabled
	if nvme_up; then
		watched nvme swap 12M
	fi
fi

"$fmbench" list collectors -v >"$tmp/keys"
for name in "${!run[@]}"; do
	"$fmbench" show -v "${run[$name]}" >"$tmp/$name.shown"
	args+=("$name" "${run[$name]}" "$tmp/$name.json" "$tmp/$name.shown")
done
python3 tests/lab/collectors.py judge "$FMBENCH_DB" "$tmp/keys" "${args[@]}"
