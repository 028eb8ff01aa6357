#!/bin/bash
# lab: --rdma --cpus 2 --mem 2G --numa 2
# lab-5.10: --rdma --cpus 1 --mem 2G --numa 2
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The way to the server is cut in the middle of a scan, at default parameters. Nobody tells the
# client when a cable breaks, yet loads fail, and with them no more than the programs whose pages are
# gone. The machine is rid of the pool while the way is still cut. Silence is for the
# kernel's last hook, the rest for its first.

# shellcheck disable=SC2317 # functions are called by way of ok
# shellcheck source=tests/lab/rdma.bash
. "$(dirname "$0")/rdma.bash" || exit 1

needs_cable

# lose_by COMMAND…: pagecheck sees lost pages, and none that is wrong (status 4).
lose_by() {
	local begin
	start_checking "$pagecheck" --mib 8 --threads 2 --write-percent 20
	eventually more_than loads_async 400 || return
	begin=${EPOCHREALTIME/./}
	"$@" || return
	eventually more_than failed_loads 0 || return
	echo "loads fail after $((${EPOCHREALTIME/./} - begin)) us"
	# Not the log: 5.10 fills it with each page that could not be written.
	is 1 rdma_says losses || { dmesg | grep 'fastswap_rdma:'; return 1; }
	exits 4 end_checking
}

# cut HOOK NAME COMMAND…
cut() {
	local hook=$1
	shift
	wire_up
	address=$far
	must "$1: the server starts" server_up --linger 1s
	must "$1: up" pool_up "$hook" cip="$near"
	ok "$1: loads fail, the loss is counted, no page is wrong" lose_by "${@:2}"
	ok "$1: health tells" test "$(pool_says health)" != ok
	ok "$1: other programs live on" "$pagecheck" --mib 4
	ok "$1: swapoff and rmmod work" soon down
	ok "$1: nothing is left of the pool" test ! -e /sys/module/fastswap_rdma
	leave_checking
	server_down TERM
	wire_down
}

hook=$(page_hooks | head -n 1)
cut "$(page_hooks | tail -n 1)" "silence" wire loss 100%
cut "$hook" "the client's device is removed" rdma link delete rxew0
cut "$hook" "the server's device is removed" rdma link delete rxew1
ok "the server's device is removed: it told" server_logged "the RDMA device of $far:$port is gone"
# There the first message that the software NIC can't send leaves it unable to send any later one,
# and the connection manager waits for each: see "When the server is lost" in the README.
if [[ $FMLAB_KERNEL != 5.10 ]]; then
	cut "$hook" "the client's interface is set down" ip link set wire0 down
fi
finish
