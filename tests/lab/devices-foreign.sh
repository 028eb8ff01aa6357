#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lab: --rdma --cpus 2 --mem 2G --numa 2
# Far memory of somebody else's (target=): used, never overwritten where it holds something, never taken
# down. What was connected and set before stays.
. "$(dirname "$0")/../lib.sh"
[[ ${FMLAB-} ]] || skip "runs in the lab guest only"
[[ $FMLAB_KERNEL != 5.* && ($FMLAB_KERNEL != 6.1 || ${FMBENCH_LONG-}) ]] ||
	skip "this kernel has only some of the devices"

sort=(run quicksort --ratio 0.5 --peak 16M -o memory=16M)
nvmet=/sys/kernel/config/nvmet

# The target, by hand, and a connection to it of the user's own.
modprobe -a nvmet-tcp nvme-tcp
modprobe brd rd_nr=1 rd_size=131072
mountpoint -q /sys/kernel/config || mount -t configfs configfs /sys/kernel/config
mkdir $nvmet/subsystems/far $nvmet/subsystems/far/namespaces/1 $nvmet/ports/7
echo 1 >$nvmet/subsystems/far/attr_allow_any_host
echo -n /dev/ram0 >$nvmet/subsystems/far/namespaces/1/device_path
echo 1 >$nvmet/subsystems/far/namespaces/1/enable
echo tcp >$nvmet/ports/7/addr_trtype
echo ipv4 >$nvmet/ports/7/addr_adrfam
echo 127.0.0.1 >$nvmet/ports/7/addr_traddr
echo 4420 >$nvmet/ports/7/addr_trsvcid
ln -s $nvmet/subsystems/far $nvmet/ports/7/subsystems/far
uuid=$(</proc/sys/kernel/random/uuid)
echo "transport=tcp,traddr=127.0.0.1,trsvcid=4420,nqn=far,hostnqn=by-hand,hostid=$uuid" >/dev/nvme-fabrics

state() {
	machine_state
	lsmod | awk '{ print $1 }' | sort
	find $nvmet/subsystems $nvmet/ports | sort
	cat /sys/class/nvme/*/hostnqn
	ls /sys/block
}

restored() {
	state >"$tmp/now"
	diff "$tmp/before" "$tmp/now" >&2 || fail "$1: it is not as it was"
}

target=(--backend nvme-tcp -o "nvme-tcp.target=127.0.0.1:4420,nqn=far")
state >"$tmp/before"

# Past the page cache, which the target does not look into.
printf '%-4096s' "something of the user's" | dd of=/dev/ram0 bs=4096 oflag=direct status=none
expect 1 "$fmbench" "${sort[@]}" "${target[@]}"
grep -q "holds something that is not fmbench" "$tmp/err" || fail "it was not told: $(<"$tmp/err")"
dd if=/dev/ram0 bs=4096 count=1 iflag=direct status=none | grep -q "something of the user's" ||
	fail "it was overwritten"
restored "a target that holds something"

blkdiscard -z /dev/ram0
expect_run "$fmbench" "${sort[@]}" "${target[@]}"
[[ $(sql "SELECT far_bytes > 4000000 FROM run_summary ORDER BY run DESC LIMIT 1") == 1 ]] ||
	fail "nothing was far"
restored "a run"
# What it left there is a swap area of its own, which the next run may overwrite.
expect 1 "$fmbench" "${sort[@]}" --peak 400M "${target[@]}"
grep -q "name a larger one" "$tmp/err" || fail "too small was not told: $(<"$tmp/err")"
restored "too small"
expect 1 "$fmbench" "${sort[@]}" "${target[@]}" -o "nvme-tcp.target=127.0.0.1:4420,nqn=near"
expect 1 "$fmbench" "${sort[@]}" --backend nbd -o nbd.target=127.0.0.1:10809
restored "nobody listens"

tests/lab/nbd_server.py 10809 64 &
server=$!
trap 'kill $server; rm -rf "$tmp"' EXIT
eventually eval '(</dev/tcp/127.0.0.1/10809) 2>/dev/null'
expect 1 "$fmbench" "${sort[@]}" --backend nbd -o "nbd.target=127.0.0.1:10809,name=near"
restored "no such export"
expect_run "$fmbench" "${sort[@]}" --backend nbd -o "nbd.target=127.0.0.1:10809,name=far"
[[ $(sql "SELECT far_bytes > 4000000 FROM run_summary ORDER BY run DESC LIMIT 1") == 1 ]] ||
	fail "nothing was far over NBD"
restored "a run over NBD"
kill -0 $server || fail "the server was ended"
