#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lab: --rdma --cpus 2 --mem 2G --numa 2
# Swap over block devices that fmbench makes: each carries a verified sort and leaves nothing behind; a
# server or target that is lost ends the run with a sentence.
# BACKENDS: some of them only. The long form takes all, and cuts RDMA, too.
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/lab/devices.bash
. tests/lab/devices.bash
[[ ${FMLAB-} ]] || skip "runs in the lab guest only"
[[ $FMLAB_KERNEL != 5.* && ($FMLAB_KERNEL != 6.1 || ${FMBENCH_LONG-}) ]] ||
	skip "this kernel has only some of the devices"

read -ra backends <<<"${BACKENDS:-$(by_length "nvme-tcp nbd ublk zswap" \
	"brd delay nvme-loop nvme-tcp nvme-rdma nbd ublk zswap")}"
compressible=(-o region=32M -o local=8M -o compressible=0.9 -o verify=yes -o duration=2s)

# carries BACKEND WORKLOAD [OPTIONS…]: part of its memory is far, and verified.
carries() {
	local begin=$SECONDS command=(run --ratio 0.5)
	[[ $2 != fault_latency ]] || command=(micro)
	expect_run "$fmbench" "${command[@]}" "${@:2}" --backend "$1"
	[[ $(newest 'far_bytes > 2000000') == 1 ]] || fail "$1: nothing was far"
	[[ $(newest flags) != *@(ELSEWHERE|MISMATCH|CORRUPTED)* ]] || fail "$1: $(newest flags)"
	restored "$1"
	echo "#| $1: carries $2, $((SECONDS - begin)) s"
}

# The port lets nobody in any more: what a target that died looks like.
cut_target() {
	local link
	for link in /sys/kernel/config/nvmet/ports/*/subsystems/*; do
		rm "$link"
	done
}

state >"$tmp/before"
"$fmbench" backend list >"$tmp/list"
for backend in "${backends[@]}"; do
	has "$backend" || continue
	# What zswap can't compress it hands on: a sort's random numbers would test the area behind it.
	case $backend in
	zswap) carries zswap fault_latency "${compressible[@]}" ;;
	*) carries "$backend" quicksort --peak 8M -o memory=8M ;;
	esac
done
for backend in nbd ublk; do
	has $backend || continue
	# 6.12's ublk_drv oopses in ublk_cancel_cmd() when the server of a used device is killed.
	[[ $backend != ublk || $FMLAB_KERNEL != 6.12 ]] || continue
	run_in_background $backend
	kill_server $backend
	is_lost $backend 30
done
for backend in nvme-tcp $(by_length "" nvme-rdma); do
	has "$backend" || continue
	run_in_background "$backend" -o "$backend.io-fail=3s"
	cut_target
	is_lost "$backend" 45
done
for backend in $(by_length "" "brd nvme-tcp"); do
	! has "$backend" || carries "$backend" memaslap --peak 32M -o memory=32M -o verify=1 --duration 5s --warmup 1s
done
[[ ! -e $FMBENCH_DB || $(sql 'PRAGMA integrity_check') == ok ]] || fail "the database is damaged"
