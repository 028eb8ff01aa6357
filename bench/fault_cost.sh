#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# fault_cost.sh [--ways] KERNEL…: instructions per major fault on kernels of the lab, for each backend, or
# with --ways for each way to the same machine's memory. Prints a table and leaves
# build/bench/fault_cost.csv, or ways.csv and ways.png, its figure. In the guest, where it calls itself, it
# prints that kernel's rows.

set -euo pipefail

pages=4096 repeats=3
modules=build/lab/${FMLAB_KERNEL-}/fastswap

# "inside" rows are per page, see measure_inside.
columns=kernel,backend,page_cluster,access,pages,major_faults,instructions

# Each brings up $swap, a swap device of 256 MiB, and takes it down.
up_fastswap() {
	insmod "$modules/fastswap.ko" hook="$1" latency="$2"
	insmod "$modules/fastswap_$3.ko" size=256M "${@:4}"
	swap=/dev/fastswap0
}
down_fastswap() {
	rmmod "fastswap_$3" fastswap
}
up_brd() {
	modprobe brd rd_nr=1 rd_size=262144
	# As for prealloc=1: its pages are there before the first store.
	dd if=/dev/zero of=/dev/ram0 bs=1M count=256 status=none
	swap=/dev/ram0
}
down_brd() {
	rmmod brd
}
up_zram() {
	modprobe zram num_devices=1
	echo 256M >/sys/block/zram0/disksize
	swap=/dev/zram0
}
down_zram() {
	rmmod zram
}

# By fmbench: the backend and its options.
up_way() {
	local options=("${@:2}")
	build/fmbench backend up "$1" -o "$1.size=256M" "${options[@]/#/-o$1.}" >"$state/up"
	swap=''
}
down_way() {
	build/fmbench backend down "$1" >"$state/down"
}

# A backend's name in the table, and how it is brought up.
backends='fastswap-dram fastswap auto 0 dram prealloc=1
fastswap-dram,latency fastswap auto 1 dram prealloc=1
fastswap-dram,synchronous fastswap auto 0 dram prealloc=1 synchronous=1
fastswap-dram,hook=none fastswap none 0 dram prealloc=1
fastswap-dram,hook=swap_ops fastswap swap_ops 0 dram prealloc=1
fastswap-dram,async_readahead fastswap auto 0 dram prealloc=1 async_readahead=1
fastswap-dram,swap_ops+async_readahead fastswap swap_ops 0 dram prealloc=1 async_readahead=1
fastswap-null fastswap auto 0 null unsafe=1
brd brd
zram zram'

# One CPU does everything, so that a server's instructions are among them, and what the kernel does to wait.
ways='brd way brd
delay,0 way delay latency=0s
delay,10us way delay latency=10us
nvme-loop way nvme-loop
nvme-rdma way nvme-rdma
nvme-tcp way nvme-tcp
nbd way nbd
nbd,10us way nbd delay=10us
nbd,100us way nbd delay=100us
ublk way ublk
ublk,10us way ublk delay=10us
ublk,100us way ublk delay=100us
fastswap-dram way fastswap-dram
fastswap-dram,hook=none way fastswap-dram hook=none'

# in_group COMMAND…: in a group other than the root, which alone can be told to give up its swap cache.
in_group() (
	group=/sys/fs/cgroup/fault-cost
	mkdir -p "$group"
	echo $BASHPID >"$group/cgroup.procs"
	exec "$@"
)

measure() {
	local backend=$1 cluster=$2 access=$3
	echo "$cluster" >/proc/sys/vm/page-cluster
	in_group build/bench/fault_cost "$access" $pages $repeats | tr ' ' , |
		sed "s/^/$FMLAB_KERNEL,\"$backend\",$cluster,$access,/"
}

# What fastswap timed itself: from the entry into its page path to the end, clock read included.
measure_inside() {
	awk -v row="$FMLAB_KERNEL,inside,," '
		{ value[$1] = $2 }
		END {
			print row "load," value["load_timed"] "," value["load_timed"] "," value["load_ns"]
			print row "store," value["store_timed"] "," value["store_timed"] "," value["store_ns"]
		}' /sys/kernel/debug/fastswap/stats
}

in_guest() {
	local name kind args cluster access
	while read -r name kind args; do
		if [[ $args == swap_ops* ]] && ! grep -q hook_swap_ops "$modules/fastswap.ko"; then
			continue
		fi
		# shellcheck disable=SC2086 # a list of words
		"up_$kind" $args
		if [[ $swap ]]; then
			mkswap -q "$swap" 2>/dev/null
			swapon -p 100 "$swap"
		fi
		for cluster in $clusters; do
			for access in read write; do
				measure "$name" "$cluster" "$access"
			done
		done
		[[ $name != *latency ]] || measure_inside
		[[ ! $swap ]] || swapoff "$swap"
		# shellcheck disable=SC2086
		"down_$kind" $args
	done <<<"$1"
}

# The ways, least first: the median of each one's repeats.
ways_rows() {
	tail -n +2 "$1" | sed 's/"\([^",]*\),\([^",]*\)"/\1(\2)/; s/"//g' |
		awk -F, '$6 { print $1, $2, $4, $7 / $6 }' | sort -k1,3 -k4n |
		awk '{ cell = $1 FS $2 FS $3
			value[cell] = value[cell] FS $4 }
		END { for (cell in value) { n = split(value[cell], v, FS); print cell, v[int((n + 1) / 2)] } }' |
		awk '{ row = $1 FS $2; rows[row]; at[row, $3] = $4 }
		END {
			for (row in rows) {
				split(row, w, FS)
				printf "%-7s %-39s %12.0f %12.0f\n", w[1], w[2], at[row, "read"], at[row, "write"]
			}
		}' | sort -k1,1V -k3,3n
}

ways_table() {
	printf '%s\n' "Instructions per major fault, those of a server here and of waiting included"
	printf '%-7s %-39s %12s %12s\n' kernel way read write
	ways_rows "$1"
}

# ways_figure CSV KERNEL…: build/bench/ways.png, ordered as on the first kernel.
ways_figure() {
	local stem=${1%.csv}
	ways_rows "$1" | awk -v kernels="${*:2}" '
		BEGIN { nr = split(kernels, kernel, " ") }
		!seen[$2]++ { way[++ways] = $2 }
		{ at[$2, $1] = $3 }
		END {
			for (i = 1; i <= ways; i++) {
				printf "%s", way[i]
				for (k = 1; k <= nr; k++) printf " %s", ((way[i], kernel[k]) in at) ? at[way[i], kernel[k]] : "NaN"
				print ""
			}
		}' >"$stem.dat"
	gnuplot -e "table = '$stem.dat'; out = '$stem.png'; kernels = '${*:2}'" bench/ways.gp
	echo "drew $stem.png"
}

# The median of each cell's repeats.
table() {
	printf '%s\n' "Instructions per major fault (page-cluster 0) and per page (page-cluster 3)"
	grep -v ',inside,' "$1" | tail -n +2 | sed 's/"\([^",]*\),\([^",]*\)"/\1(\2)/; s/"//g' |
		awk -F, '{ print $1, $2, $3, $4, $7 / ($3 ? $5 : $6) }' | sort -k1,4 -k5n |
		awk '{ cell = $1 FS $2 FS $3 FS $4; if (cell != last) n = 0; last = cell
			value[cell] = value[cell] FS $5 }
		END { for (cell in value) { n = split(value[cell], v, FS); print cell, v[int((n + 1) / 2)] } }' |
		awk '{ row = $1 FS $2; rows[row]; at[row, $3, $4] = $5 }
		END {
			printf "%-7s %-39s %12s %12s %12s %12s\n", "kernel", "backend", "0, read",
				"0, write", "3, read", "3, write"
			for (row in rows) {
				split(row, w, FS)
				printf "%-7s %-39s %12.0f %12.0f %12.0f %12.0f\n", w[1], w[2],
					at[row, 0, "read"], at[row, 0, "write"],
					at[row, 3, "read"], at[row, 3, "write"] | "sort -V"
			}
		}'
	printf '\n%s\n' "Of these in fastswap itself, with the copy (512) and one reading of the clock"
	awk -F, '$2 == "inside" { printf "%-7s %-39s %12.0f\n", $1, $4, $7 / $6 }' "$1"
}

what=fault_cost guest=() clusters='0 3'
if [[ ${1-} == --ways ]]; then
	what=ways guest=(--rdma) clusters=0 pages=2048
	backends=$ways
	shift
fi
if [[ ${FMLAB-} ]]; then
	state=$(mktemp -d)
	export FMBENCH_STATE_DIR=$state FMBENCH_DB=$state/fmbench.db FMBENCH_CONFIG=/dev/null
	in_guest "$backends"
	exit
fi
csv=build/bench/$what.csv
mkdir -p build/bench
echo "$columns" >"$csv.new"
for kernel; do
	lab/fmlab run --kernel "$kernel" --exact --mem 2G "${guest[@]}" --timeout 900 -- \
		"$0" ${guest:+--ways} >>"$csv.new"
done
mv "$csv.new" "$csv"
if [[ $what == ways ]]; then
	ways_table "$csv"
	ways_figure "$csv" "$@"
else
	table "$csv"
fi
