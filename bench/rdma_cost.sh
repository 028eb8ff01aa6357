#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# rdma_cost.sh [ROUNDS]: what a fault over RDMA costs beside what the NIC itself needs, in one
# guest, the two measured in turns. Once through the NIC's loopback, where the CPU that emulates
# the NIC is all the cost there is, and once over a cable with a delay, where waiting is.
#
# Many short scans and their median: a busy host stops a guest now and then, and that is not what
# is to be measured. Not too short, as each begins with small windows.

# shellcheck source=tests/lab/rdma.bash
. "$(dirname "$0")/../tests/lab/rdma.bash" || exit 1
set -e

rounds=${1:-3} pages=256 scans=15 delay=1ms

median() {
	sort -n | awk '{ value[NR] = $1 } END { print value[int((NR + 1) / 2)] }'
}

# perftest TOOL OPTIONS…: its last line of numbers. It takes a while to listen, and a client that
# comes too early may take it with it.
perftest() {
	local listener='' line='' tries
	for ((tries = 0; tries < 20; tries++)); do
		if ! kill -0 "$listener" 2>/dev/null; then
			"$1" -d "$far_device" -s 4096 "${@:2}" >/dev/null 2>&1 &
			listener=$!
		fi
		sleep 0.5
		line=$(timeout 60 "$1" -d "$near_device" -s 4096 "${@:2}" "$address" 2>/dev/null |
			grep '^ *4096 ') && break
	done
	[[ $line ]] || { echo "$1 fails on $far_device" >&2; return 1; }
	wait "$listener" || true
	echo "$line"
}

# record NAME: numbers on stdin, one a line.
record() {
	cat >>"$results/$1"
}

result() {
	median <"$results/$1"
}

# scan POOL: faults one by one, then with windows of read-ahead.
scan() {
	local cluster
	mkswap /dev/fastswap0 >/dev/null
	swapon -p 100 /dev/fastswap0
	for cluster in 0 3 4 5; do
		echo $cluster >/proc/sys/vm/page-cluster
		"$fault_median" $pages $scans >"$results/line"
		cut -d' ' -f1 "$results/line" | record "$1-fault-$cluster"
		cut -d' ' -f2 "$results/line" | record "$1-page-$cluster"
	done
	swapoff /dev/fastswap0
	rmmod "fastswap_$1"
}

round() {
	local depth i
	perftest ib_read_lat -n 1000 | awk '{ print $5 * 1000 }' | record nic-latency
	insmod "$modules/fastswap_dram.ko" size=32M async_readahead=1
	scan dram
	load_pool "$@"
	scan rdma
	for i in 1 2 3 4 5; do
		for depth in 1 8 16 32; do
			perftest ib_read_bw -n 200 -t $depth |
				awk '{ print 4096 / $4 / 1.048576 * 1000 }' | record "nic-page-$depth"
		done
	done
}

table() {
	local cluster depth net
	net=$(($(result rdma-fault-0) - $(result dram-fault-0)))
	awk -v what="$1" -v rdma="$(result rdma-fault-0)" -v dram="$(result dram-fault-0)" -v net=$net \
		-v nic="$(result nic-latency)" 'BEGIN {
			printf "\n%s: one fault, median, us\n", what
			printf "  %-34s %9.1f\n", "over RDMA", rdma / 1000
			printf "  %-34s %9.1f\n", "the same, pages in DRAM", dram / 1000
			printf "  %-34s %9.1f\n", "difference", net / 1000
			printf "  %-34s %9.1f\n", "ib_read_lat, 4 KiB", nic / 1000
			printf "  %-34s %9.2f   goal: at most 1.25\n", "difference / ib_read_lat", net / nic }'
	printf '%s: sequential scan, us per page, median of scans\n' "$1"
	printf '  %-12s %9s %9s %11s %9s %9s %14s\n' page-cluster RDMA "of it mm" "ib_read_bw" rest \
		"x faster" "of ib_read_bw"
	for cluster in 0 3 4 5; do
		depth=$((1 << cluster))
		awk -v cluster=$cluster -v rdma="$(result rdma-page-$cluster)" \
			-v one="$(result rdma-page-0)" -v dram="$(result dram-page-$cluster)" \
			-v nic="$(result nic-page-$depth)" 'BEGIN {
			printf "  %-12d %9.1f %9.1f %11.1f %9.1f %9.2f %14.2f\n", cluster, rdma / 1000,
				dram / 1000, nic / 1000, (rdma - dram - nic) / 1000, one / rdma,
				nic / rdma }'
	done
	echo "  mm: the same scan with pages in DRAM. Goals: 2 x faster than page-cluster 0, 0.6 of ib_read_bw"
}

# measure NAME PARAMETERS OF THE POOL…
measure() {
	local i
	results=$(mktemp -d "$scratch/XXXXXX")
	server_up --size 32M
	insmod "$modules/fastswap.ko" latency=0
	for ((i = 0; i < rounds; i++)); do
		round "${@:2}"
	done
	down
	server_down TERM
	table "$1"
}

near_device=rxe0 far_device=rxe0
measure "loopback"
if modprobe -n sch_netem; then
	wire_up
	wire delay $delay
	address=$far near_device=rxew0 far_device=rxew1
	measure "cable, $delay each way" cip="$near"
fi
