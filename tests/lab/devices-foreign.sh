#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lab: --rdma --cpus 2 --mem 2G --numa 2
# Far memory of somebody else's (target=): used, never overwritten where it holds something, as empty afterwards as
# it was, never taken down. What was connected and set before stays.
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
content() {
	dd if=/dev/ram0 bs=128K iflag=direct status=none
}

is_blank() {
	cmp -s -n 131072 <(content) /dev/zero
}

was_far() {
	[[ $(sql "SELECT far_bytes > 4000000 FROM run_summary ORDER BY run DESC LIMIT 1") == 1 ]] ||
		fail "$1: nothing was far"
}

# refuses SENTENCE TARGET…: the run says what is there, and changes nothing.
refuses() {
	local before
	sync
	before=$(content | cksum)
	expect 1 "$fmbench" "${sort[@]}" "${@:2}"
	grep -qE "of 127.0.0.1:[^ ]*, holds $1[^,]*, which fmbench does not overwrite.*wipefs" "$tmp/err" ||
		fail "$1: it was not told: $(<"$tmp/err")"
	[[ $(content | cksum) == "$before" ]] || fail "$1: it was overwritten"
	restored "$1"
}

# tests/cli/disk.sh has what else may be on a device.
mkfs.ext4 -qFL data /dev/ram0
refuses "a file system \\(ext4, label data" "${target[@]}"

# Cleared as the sentence says.
wipefs -qa /dev/ram0
dd if=/dev/zero of=/dev/ram0 bs=128K count=1 conv=fsync status=none
expect_run "$fmbench" "${sort[@]}" "${target[@]}"
was_far nvme-tcp
restored "a run"
is_blank || fail "a signature is left on the target"

# killed_amidst BACKEND OPTIONS: by SIGKILL; `fmbench recover` finds its janitor dead, too.
killed_amidst() {
	local pid janitor
	"$fmbench" "${sort[@]}" --peak 64M -o memory=64M "$@" >"$tmp/out" 2>"$tmp/err" &
	pid=$!
	eventually eval "(( \$(wc -l </proc/swaps) > 1 ))" || fail "$2: no swap area: $(<"$tmp/err")"
	janitor=$(pgrep -P $pid -x fmbench-janitor)
	kill -STOP "$janitor"
	kill -KILL $pid
	wait $pid 2>/dev/null || true
	kill -KILL "$janitor"
	expect 0 "$fmbench" recover
	restored "$2, killed"
}

# An area that a power cut left there may be overwritten: no journal tells of it any more.
mkswap -L fmbench /dev/ram0 >/dev/null
sync
expect 1 "$fmbench" "${sort[@]}" --peak 400M "${target[@]}"
grep -q "name a larger one" "$tmp/err" || fail "too small was not told: $(<"$tmp/err")"
restored "too small"
expect 1 "$fmbench" "${sort[@]}" "${target[@]}" -o "nvme-tcp.target=127.0.0.1:4420,nqn=near"
expect 1 "$fmbench" "${sort[@]}" --backend nbd -o nbd.target=127.0.0.1:10809
restored "nobody listens"

truncate -s 128M "$tmp/export"
tests/lab/nbd_server.py 10809 "$tmp/export" &
server=$!
trap 'kill $server 2>/dev/null || true; rm -rf "$tmp"' EXIT
export_is_blank() {
	cmp -s -n 131072 "$tmp/export" /dev/zero
}
eventually eval '(</dev/tcp/127.0.0.1/10809) 2>/dev/null'
expect 1 "$fmbench" "${sort[@]}" --backend nbd -o "nbd.target=127.0.0.1:10809,name=near"
restored "no such export"
target=(--backend nbd -o "nbd.target=127.0.0.1:10809,name=far")
mkfs.ext4 -qF "$tmp/export"
cp "$tmp/export" "$tmp/before-it"
refuses "a file system \\(ext4\\)" "${target[@]}"
cmp -s "$tmp/export" "$tmp/before-it" || fail "the export was overwritten"
wipefs -qa "$tmp/export"
dd if=/dev/zero of="$tmp/export" bs=128K count=1 conv=notrunc status=none
expect_run "$fmbench" "${sort[@]}" "${target[@]}"
was_far nbd
restored "a run over NBD"
export_is_blank || fail "a signature is left on the export"
killed_amidst "${target[@]}"
export_is_blank || fail "a signature is left on the export after a kill"
kill -0 $server || fail "the server was ended"

# A server that is lost takes the signature with it: the run ends, and says so.
"$fmbench" "${sort[@]}" --peak 64M -o memory=64M "${target[@]}" >"$tmp/out" 2>"$tmp/err" &
run=$!
eventually eval "(( \$(wc -l </proc/swaps) > 1 ))" || fail "no swap area: $(<"$tmp/err")"
kill -KILL $server
wait $run && fail "the loss was not seen"
grep -q "the swap signature of this run .* stays on it" "$tmp/err" || fail "it was not told: $(<"$tmp/err")"
restored "a lost server"
