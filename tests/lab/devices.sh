#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lab: --rdma --cpus 2 --mem 2G --numa 2
# Swap over block devices that fmbench makes: each carries a verified sort, and leaves nothing behind.
. "$(dirname "$0")/../lib.sh"
[[ ${FMLAB-} ]] || skip "runs in the lab guest only"
[[ $FMLAB_KERNEL != 6.1 || ${FMBENCH_LONG-} ]] || skip "6.1 has only some of the devices"

state() {
	machine_state
	lsmod | awk '$1 ~ /^(brd|null_blk|nbd|ublk_drv|nvme|nvmet)/ { print $1 }' | sort
	ls /sys/kernel/config /sys/class/nvme /sys/block /dev/ublkc* 2>/dev/null || true
	pgrep -a fmbench-blockse || true
}

# restored WHEN
restored() {
	state >"$tmp/now"
	diff "$tmp/before" "$tmp/now" >&2 || fail "$1: something was left behind"
}

small=(--ratio 0.5 --peak 16M -o memory=16M)

sorts() { # BACKEND [OPTIONS…]
	local begin=$SECONDS
	expect_run "$fmbench" run quicksort "${small[@]}" --backend "$1" "${@:2}"
	[[ $(sql "SELECT far_bytes > 4000000 FROM run_summary ORDER BY run DESC LIMIT 1") == 1 ]] ||
		fail "$1: nothing was far"
	restored "$1"
	echo "$1: $((SECONDS - begin)) s"
}

state >"$tmp/before"
for backend in ${BACKENDS:-brd delay nvme-loop nvme-tcp nvme-rdma nbd ublk}; do
	sorts "$backend"
done
