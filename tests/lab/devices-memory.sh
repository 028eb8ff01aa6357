#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lab: --rdma --cpus 2 --mem 2G --numa 2
# The machine's own memory is short while it swaps to servers that run on it: they hold theirs, charged to groups
# of their own, the machine's reclaim goes on through them, nothing waits for ever, and every page is right.
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/lab/devices.bash
. tests/lab/devices.bash
[[ ${FMLAB-} ]] || skip "runs in the lab guest only"
[[ ${FMBENCH_LONG-} ]] || skip "FMBENCH_LONG=1 runs it"
[[ $FMLAB_KERNEL != 5.* ]] || skip "this kernel has only some of the devices"

read -ra backends <<<"${BACKENDS:-nbd ublk nvme-tcp brd}"
far=192	 # MiB of far memory
bound=180 # seconds that a run may take

available() {
	awk '/^MemAvailable/ { print int($2 / 1024) }' /proc/meminfo
}

swapped_out() {
	awk '$1 == "pswpout" { print $2 }' /proc/vmstat
}

# Huge pages take all but so many MiB.
leave() {
	echo 0 >/proc/sys/vm/nr_hugepages
	echo $((($(available) - $1) / 2)) >/proc/sys/vm/nr_hugepages
}

# charged BACKEND: all of the far memory, to the server's group, while it serves.
charged() {
	local group
	group=$(find /sys/fs/cgroup -type d -name 'fmbench-server-*')
	(($(cat "$group/memory.current") >= far << 20)) || fail "$1: not all of its memory is charged to $group"
	(($(cat "/proc/$(pgrep -f fmbench-blockserver)/oom_score_adj") == -1000)) || fail "$1: it may be killed"
}

# short BACKEND: a sort swaps there, and so does a program without a limit, which wants more than is left.
short() {
	local hog out status=0 begin=$SECONDS
	timeout --kill-after=10 $bound "$fmbench" run quicksort --ratio 0.5 --peak 32M -o memory=32M \
		--backend "$1" -o "$1.size=${far}M" >"$tmp/out" 2>"$tmp/err" &
	run=$!
	eventually eval "(( \$(wc -l </proc/swaps) > 1 ))" || fail "$1: no swap area: $(<"$tmp/err")"
	[[ $1 != @(nbd|ublk) ]] || charged "$1"
	out=$(swapped_out)
	timeout $bound python3 tests/hog.py 2x text $(($(available) + 32)) &
	hog=$!
	wait $hog || fail "$1: the other program ended with $?"
	out=$(($(swapped_out) - out))
	wait $run || status=$?
	((status == 0 || status == 7)) || fail "$1: exit status $status: $(<"$tmp/err")"
	[[ $(newest flags) != *@(BACKEND_LOST|CORRUPTED)* ]] || fail "$1: $(newest flags)"
	((out > 8192)) || fail "$1: memory was not short: $out pages went out"
	restored "$1"
	echo "#| $1: $((out / 256)) MiB went out with little memory left, $((SECONDS - begin)) s"
}

trap 'echo 0 >/proc/sys/vm/nr_hugepages; rm -rf "$tmp"' EXIT
state >"$tmp/before"
"$fmbench" backend list >"$tmp/list"
for backend in "${backends[@]}"; do
	has "$backend" || continue
	leave $((far + 250))
	short "$backend"
done
