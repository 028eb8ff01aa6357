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
# Who mends the cable must not have pages at its other end: only MADV_PAGEOUT sends any there.
swappiness=$(</proc/sys/vm/swappiness)
trap 'echo "$swappiness" >/proc/sys/vm/swappiness' EXIT
echo 0 >/proc/sys/vm/swappiness
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

lost_since() {
	(($(losses) > $1))
}

# Without grace: programs get SIGBUS while the cable is broken, and find each page again afterwards, of
# those that read-ahead asked for in vain, too. A machine so busy that the server was lost once more, to
# nothing, shows nothing, and tries again.
found_again() {
	local before failed status try
	for try in 1 2 3; do
		before=$(losses) failed=$(stat_of failed_loads) status=0
		start_checking "$pagecheck" --mib 4 --again
		eventually loads_more_than $(($(loads) + 100)) || return
		wire loss 100%
		eventually lost_since "$before" && eventually more_than failed_loads $((failed + 50)) || return
		wire
		eventually is 1 rdma_says connected && eventually is 0 stat_of unhealed || return
		# The last round is one that began after that.
		eventually loads_more_than $(($(loads) + 2048)) || return
		end_checking || status=$?
		echo "try $try: lost $(($(losses) - before)) times"
		((status == 4 && $(losses) > before + 1)) || return "$status"
	done
	return 1
}

# How long the server was lost for, at the longest, since the log was cleared.
away_ms() {
	dmesg | sed -nE 's/^\[ *([0-9]+)\.([0-9]{3})[0-9]*\] fastswap_rdma: .*(lost the server|is back).*/\1\2 \3/p' |
		awk '/lost/ { lost = $1 } /back/ && $1 - lost > away { away = $1 - lost } END { print away + 0 }'
}

# With grace: nobody gets SIGBUS, and stores fail at once. The cable is cut for a second, or until that is
# noticed. A machine on which the way back took longer than the grace shows nothing, and tries again.
nobody_lost() {
	local before status try
	echo "$1" >/proc/sys/vm/page-cluster
	for try in 1 2 3; do
		before=$(losses) status=0
		dmesg -C
		start_checking "$pagecheck" --mib 8 --threads 2
		eventually loads_more_than $(($(loads) + 200)) || return
		wire loss 100%
		sleep 1
		eventually lost_since "$before" && wire || return
		eventually is 1 rdma_says connected && eventually loads_more_than $(($(loads) + 2000)) || return
		end_checking || status=$?
		echo "try $try: back after $(away_ms) ms"
		((status == 4 && $(away_ms) > grace_ms)) || return "$status"
	done
	return 1
}

# Grace has an end.
lost_after_all() {
	start_checking "$pagecheck" --mib 4
	eventually loads_more_than $(($(loads) + 100)) || return
	wire loss 100%
	eventually more_than failed_loads 0 && exits 4 end_checking
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

must "a server for the impatient" server_up --linger 60s
must "up, impatient" pool_up auto cip="$near" timeout_ms=1000
ok "no grace: pages that were lost are found again" found_again
leave_checking
wire
ok "the impatient device goes" down
grace_ms=5000
for hook in $(page_hooks); do
	must "$hook: up with grace" pool_up "$hook" cip="$near" timeout_ms=1000 grace_ms=$grace_ms
	ok "$hook: grace, windows: a scan ends without SIGBUS" nobody_lost 3
	leave_checking
	ok "$hook: grace, single pages: a scan ends without SIGBUS" nobody_lost 0
	leave_checking
	echo 3 >/proc/sys/vm/page-cluster
	ok "$hook: the device with grace goes" down
done
must "up with short grace" pool_up auto cip="$near" timeout_ms=1000 grace_ms=500
ok "grace ends" lost_after_all
leave_checking
wire
ok "the device with short grace goes" down
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
