#!/bin/bash
# lab: --rdma --cpus 2 --mem 2G --numa 2
# lab-5.10: --rdma --cpus 1 --mem 2G --numa 2
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The server is killed: what was there is lost, and that is all. No wrong page, no hang, and the
# machine is rid of the pool afterwards.

# shellcheck disable=SC2317 # functions are called by way of ok
# shellcheck source=tests/lab/rdma.bash
. "$(dirname "$0")/rdma.bash" || exit 1

# lose_while COUNTER WRITE_PERCENT: the server is killed while COUNTER counts up.
lose_while() {
	local before
	start_checking "$pagecheck" --mib 8 --threads 2 --write-percent "$2"
	before=$(stat_of "$1")
	eventually more_than "$1" $((before + 200)) || return
	{ server_down KILL; } 2>/dev/null
	eventually is 0 rdma_says connected || return
	eventually more_than failed_loads 0 || return
	# Lost pages were told to the program by SIGBUS; it saw none that was wrong.
	exits 4 end_checking
}

rid_of_it() {
	leave_checking
	ok "$1: swapoff and rmmod work" down
	ok "$1: nothing is left of the pool" test ! -e /sys/module/fastswap_rdma
}

must "the server starts" server_up
must "up" pool_up auto
sleep 4
ok "idle: nothing is lost in twice the time-out" is 0 rdma_says losses
{ server_down KILL; } 2>/dev/null
ok "idle: the loss is noticed" eventually is 0 rdma_says connected
ok "idle: health tells" test "$(pool_says health)" != ok
ok "idle: the log tells" logged "lost the server $address:$port"
ok "idle: programs go on, their pages stay" "$pagecheck" --mib 4
must "idle: the pool looks for its server" server_up
ok "idle: and learns that its pages are lost" eventually logged "this pool stays failed"
ok "idle: the pool stays failed" test "$(pool_says health)" != ok
rid_of_it "idle"

echo 0 >/proc/sys/vm/page-cluster
must "up again, with the new server" pool_up auto
ok "loads: pages are lost, none is wrong" lose_while loads 0
rid_of_it loads
echo 3 >/proc/sys/vm/page-cluster

must "a server for read-ahead" server_up
must "up for read-ahead" pool_up auto
ok "read-ahead: pages are lost, none is wrong" lose_while loads_async 0
rid_of_it "read-ahead"

must "the server starts once more" server_up
must "up once more" pool_up auto
ok "stores: pages are lost, none is wrong" lose_while stores 100
rid_of_it stores

must "a server for the device alone" server_up
must "up hook=none" pool_up none
ok "device: pages are lost, none is wrong" lose_while loads_async 20
rid_of_it device
finish
