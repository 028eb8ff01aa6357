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

losses() {
	rdma_says losses
}

# Each loss was made good.
lost_and_found() {
	(($(losses) > 0 && $(losses) == $(rdma_says reconnects)))
}

was_lost() {
	(($(losses) > 0))
}

# break_while COMMAND…: the cable is broken while that runs, under a program whose pages are out, asleep.
break_while() {
	start_checking "$pagecheck" --mib 4 --write-percent 20
	eventually loads_more_than $(($(loads) + 100)) || return
	kill -STOP "$checking"
	sleep 1
	wire loss 100%
	"$@" || return
	wire
	eventually is 1 rdma_says connected || return
	kill -CONT "$checking"
	end_checking
}

# So patient that a busy machine is not taken for a broken cable.
must "the server starts" server_up --linger 40s
must "up" pool_up auto cip="$near" timeout_ms=20000
wire loss 1%
ok "a lossy cable: pages come back right" "$pagecheck" --mib 2 --threads 2 --write-percent 30
ok "a lossy cable: packets were lost" packets_lost
wire
ok "nobody was lost" is 0 losses
ok "a cable that breaks for 0.2 s: pages come back right" break_while sleep 0.2
ok "nor then" is 0 losses
leave_checking
ok "the patient device goes" down
server_down TERM

must "another server starts" server_up --linger 15s
must "up again, less patient" pool_up auto cip="$near" timeout_ms=4000
ok "a cable that breaks until that is noticed: pages come back right" break_while eventually was_lost
ok "the server was lost, and found" lost_and_found
ok "the log tells" logged "is back, with all pages"
leave_checking
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
