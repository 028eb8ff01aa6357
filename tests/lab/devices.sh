#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lab: --rdma --cpus 2 --mem 2G --numa 2
# Swap over block devices that fmbench makes: each carries a verified sort and leaves nothing behind; a
# server or link that is lost ends the run with a sentence; a killed harness leaves nothing either.
# BACKENDS: some of them only. The long form takes all, cuts RDMA, too, and kills 20 times on each.
. "$(dirname "$0")/../lib.sh"
[[ ${FMLAB-} ]] || skip "runs in the lab guest only"
[[ $FMLAB_KERNEL != 5.* && ($FMLAB_KERNEL != 6.1 || ${FMBENCH_LONG-}) ]] ||
	skip "this kernel has only some of the devices"

read -ra backends <<<"${BACKENDS:-$(by_length "nvme-tcp nbd ublk zswap" \
	"brd delay nvme-loop nvme-tcp nvme-rdma nbd ublk zswap")}"
small=(--ratio 0.5 --peak 16M -o memory=16M)
kills=$(by_length 1 20)
compressible=(-o region=32M -o local=8M -o compressible=0.9 -o verify=yes -o duration=2s)

state() {
	machine_state
	lsmod | awk '$1 ~ /^(brd|null_blk|nbd|ublk_drv|nvme|nvmet)/ { print $1 }' | sort
	ls /sys/kernel/config /sys/class/nvme /sys/block /dev/ublkc* 2>/dev/null || true
	grep -H . /sys/module/zswap/parameters/* || true
	pgrep -a fmbench-blockse || true
}

as_before() {
	state >"$tmp/now"
	cmp -s "$tmp/before" "$tmp/now"
}

# restored WHEN
restored() {
	eventually as_before && return
	diff "$tmp/before" "$tmp/now" >&2 || fail "$1: something was left behind"
}

# has BACKEND: it is among those asked for, and this kernel can.
has() {
	[[ " ${backends[*]} " == *" $1 "* ]] || return
	grep -q "^$1 *ready" "$tmp/list" && return
	[[ $FMLAB_KERNEL == 6.1 ]] || fail "$(grep "^$1 " "$tmp/list")"
	return 1
}

newest() { # COLUMN OF run_summary
	sql "SELECT $1 FROM run_summary ORDER BY run DESC LIMIT 1"
}

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

pages_in() {
	awk '$1 == "pswpin" || $1 == "zswpin" { n += $2 } END { print n + 0 }' /proc/vmstat
}

# Enough came back for the sort to be amidst its work.
many_loads() {
	(($(pages_in) > loads + 300))
}

# run_in_background BACKEND [OPTIONS…]: returns when it swaps. Leaves its pid in $run.
run_in_background() {
	local tries
	loads=$(pages_in)
	"$fmbench" run quicksort "${small[@]}" --backend "$@" >"$tmp/out" 2>"$tmp/err" &
	run=$!
	for ((tries = 0; tries < 2400; tries++)); do
		! many_loads || return 0
		kill -0 $run 2>/dev/null || fail "$1: it ended too early: $(<"$tmp/err")"
		sleep 0.05
	done
	fail "$1: no page comes back"
}

# is_lost BACKEND SECONDS: the run in the background fails within that time, and says so.
is_lost() {
	local begin=$SECONDS status=0
	wait $run || status=$?
	echo "#| $1: lost, exit $status after $((SECONDS - begin)) s: $(<"$tmp/err")"
	((status == 1)) || fail "$1: exit status $status, not 1"
	((SECONDS - begin <= $2)) || fail "$1: it took $((SECONDS - begin)) s to end"
	[[ $(newest flags) == *BACKEND_LOST* ]] || fail "$1: not flagged: $(newest flags)"
	restored "$1 lost"
}

# The port lets nobody in any more: what a target that died looks like.
cut_target() {
	local link
	for link in /sys/kernel/config/nvmet/ports/*/subsystems/*; do
		rm "$link"
	done
}

kill_server() {
	local pid
	pid=$(pgrep -f "fmbench-blockserver $1 ")
	kill -KILL "$pid"
}

# kill_harness BACKEND
kill_harness() {
	run_in_background "$1"
	sleep "0.$((RANDOM % 10))"
	kill -KILL $run
	wait $run 2>/dev/null || true
	restored "$1, fmbench killed"
	echo "#| $1: fmbench killed, all undone"
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
# One in the short form, 20 of each in the long one.
for backend in $(by_length nvme-tcp "${backends[*]}"); do
	for ((kill = 0; kill < kills; kill++)); do
		! has "$backend" || kill_harness "$backend"
	done
done
for backend in $(by_length "" "brd nvme-tcp"); do
	! has "$backend" || carries "$backend" memaslap --peak 32M -o memory=32M -o verify=1 --duration 5s --warmup 1s
done
[[ ! -e $FMBENCH_DB || $(sql 'PRAGMA integrity_check') == ok ]] || fail "the database is damaged"
