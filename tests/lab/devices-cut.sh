#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lab: --rdma --cpus 2 --mem 2G --numa 2
# The way to a device over a network is cut amidst a sort. Back before the time-out, it costs that time and
# no page; for good, the run fails with a sentence in bounded time, and is undone while the way is cut.
# Likewise a server that stands still, one that dies in load, and one whose area holds pages of others.
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/lab/devices.bash
. tests/lab/devices.bash
[[ ${FMLAB-} ]] || skip "runs in the lab guest only"
[[ $FMLAB_KERNEL != 5.* && ($FMLAB_KERNEL != 6.1 || ${FMBENCH_LONG-}) ]] ||
	skip "this kernel has only some of the devices"

read -ra backends <<<"nvme-tcp nbd ublk"
small=(--ratio 0.5 --peak 8M -o memory=8M)

# What a sort waits for at most: one time-out, the retries of a page, and this guest's slowness.
bound=60

# goes_on BACKEND: the run in the background ends well, its contents verified.
goes_on() {
	local status=0
	wait $run || status=$?
	((status == 0 || status == 7)) || fail "$1: exit status $status: $(<"$tmp/err")"
	[[ $(newest flags) != *@(BACKEND_LOST|CORRUPTED|ELSEWHERE)* ]] || fail "$1: $(newest flags)"
	restored "$1"
	echo "#| $1: ended well"
}

controller_is() {
	[[ $(cat /sys/class/nvme/*/state 2>/dev/null) == "$1" ]]
}

# Requests that have no answer yet, reads and writes.
in_flight() {
	awk '{ n += $1 + $2 } END { exit !n }' /sys/block/"$1"/inflight
}

# The address of a target made here is 127.0.0.1: no packet comes through, and nobody is told.
way() {
	ip link set lo "$1"
}

server() {
	pgrep -f 'fmbench-blockserver nbd '
}

state >"$tmp/before"
"$fmbench" backend list >"$tmp/list"
trap 'ip link set lo up; rm -rf "$tmp"' EXIT

# Back before the time-out.
if has nvme-tcp; then
	run_in_background nvme-tcp -o nvme-tcp.keep-alive=2s -o nvme-tcp.io-fail=60s
	way down
	eventually controller_is connecting || fail "nvme-tcp: the cut was not noticed"
	way up
	eventually controller_is live || fail "nvme-tcp: it did not connect again"
	goes_on "nvme-tcp, cut and back"
fi
if has nbd && [[ ${FMBENCH_LONG-} ]]; then
	run_in_background nbd -o nbd.timeout=60s
	kill -STOP "$(server)"
	eventually in_flight nbd0 || fail "nbd: nobody waits for the server"
	sleep 2
	kill -CONT "$(server)"
	goes_on "nbd, server still and back"
fi

# For good. devices.sh has what refuses and what is killed amidst a sort.
if has nvme-tcp && [[ ${FMBENCH_LONG-} ]]; then
	run_in_background nvme-tcp -o nvme-tcp.keep-alive=2s -o nvme-tcp.io-fail=3s
	way down
	is_lost "nvme-tcp, cut for good" $bound
	way up
fi
if has nbd; then
	run_in_background nbd -o nbd.timeout=2s
	kill -STOP "$(server)"
	is_lost "nbd, server still for good" $bound
fi

# load_in_background BACKEND DEVICE [OPTIONS…]: returns when it has swap, long before its window.
load_in_background() {
	local device=$2
	"$fmbench" run gups --ratio 0.5 --peak 66M -o memory=64M -o duration=60s --backend "$1" "${@:3}" \
		>"$tmp/out" 2>"$tmp/err" &
	run=$!
	eventually grep -q "/dev/$device" /proc/swaps || fail "$1: no swap area: $(<"$tmp/err")"
}

was_in_load() {
	[[ $(sql "SELECT count(*) FROM phase WHERE run = (SELECT max(id) FROM run) AND name = 'measure'") == 0 ]] ||
		fail "$1: that was no load"
}

if has nvme-tcp && [[ ${FMBENCH_LONG-} ]]; then
	load_in_background nvme-tcp nvme -o nvme-tcp.keep-alive=2s -o nvme-tcp.io-fail=3s
	way down
	is_lost "nvme-tcp, cut in load" $bound
	was_in_load nvme-tcp
	way up
fi
if has nbd && [[ ${FMBENCH_LONG-} ]]; then
	load_in_background nbd nbd
	kill_server nbd
	is_lost "nbd, server killed in load" $bound
	was_in_load nbd
fi

# What holds pages there is no run's, and lives on: taking the area off reads each of them, and is refused each.
if has ublk && [[ $FMLAB_KERNEL != 6.12 ]]; then
	expect 0 "$fmbench" backend up ublk -o size=64M
	group=/sys/fs/cgroup/fmbench-test-$$
	mkdir "$group"
	echo 8M >"$group/memory.high"
	bash -c 'echo $$ >"$1/cgroup.procs" && exec python3 tests/hog.py 600 cold 32' - "$group" &
	hog=$!
	eventually eval "(( \$(<$group/memory.swap.current) > 16 << 20 ))" || fail "ublk: nothing went out"
	kill_server ublk
	expect 0 timeout $bound "$fmbench" backend down ublk
	kill -KILL $hog 2>/dev/null || true # it may have wanted one of the lost pages
	wait $hog || true
	eventually rmdir "$group"
	restored "ublk, down with its server dead"
	echo "#| ublk, server killed, pages of a program that goes on: taken off"
fi
