#!/bin/bash
# lab: --rdma --cpus 2 --mem 2G --numa 2
# lab-5.10: --rdma --cpus 1 --mem 2G --numa 2
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A cable between client and server that loses packets, breaks for a moment, and breaks for good.

# shellcheck disable=SC2317 # functions are called by way of ok
# shellcheck source=tests/lab/rdma.bash
. "$(dirname "$0")/rdma.bash" || exit 1

needs_cable
wire_up
address=$far

packets_lost() {
	tc -s qdisc show dev wire0 | grep 'dropped [1-9]'
}

# A program whose pages are out, asleep while the cable is broken for SECONDS.
break_for() {
	local pid before
	before=$(loads)
	"$pagecheck" --mib 4 --seconds 3 --write-percent 20 &
	pid=$!
	eventually loads_more_than $((before + 100)) || return
	kill -STOP "$pid"
	sleep 1
	wire loss 100%
	sleep "$1"
	wire
	eventually is 1 rdma_says connected || return
	kill -CONT "$pid"
	wait "$pid"
}

must "the server starts" server_up --linger 10s
must "up" pool_up auto cip="$near" timeout_ms=6000
wire loss 1%
ok "a lossy cable: pages come back right" "$pagecheck" --mib 4 --threads 2 --rounds 2 \
	--write-percent 30
ok "a lossy cable: packets were lost" packets_lost
wire
ok "nobody was lost" is 0 rdma_says losses
ok "a cable that breaks for 0.2 s: pages come back right" break_for 0.2
ok "nor then" is 0 rdma_says losses
ok "a cable that breaks for 8 s: pages come back right" break_for 8
ok "the server was lost" is 1 rdma_says losses
ok "and found" is 1 rdma_says reconnects
ok "the log tells" logged "is back, with all pages"
wire loss 100%
ok "a cable that breaks for good: noticed" eventually is 0 rdma_says connected
ok "the server notices, too" eventually server_logged "no longer answers"
ok "and gives up waiting" eventually is 0 server_says clients
ok "its memory is free" eventually is $((64 << 20)) server_says bytes_free
wire
ok "too late: the pool learns it" eventually logged "this pool stays failed"
ok "the device goes" down
server_down TERM
wire_down
finish
