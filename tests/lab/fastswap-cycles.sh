#!/bin/bash
# lab: --rdma --cpus 2 --mem 2G --numa 2
# lab-5.10: --cpus 2 --mem 2G
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Load and unload, 4 times (FMBENCH_LONG: 200), while another swap area is busy, with and without zswap:
# the kernel patches a call site that other CPUs run.

# shellcheck disable=SC2317 # functions are called by way of ok
# shellcheck source=tests/lab/fastswap.bash
. "$(dirname "$0")/fastswap.bash" || exit 1

cycles=$(by_length 4 200)

cycle() {
	up auto size=64M && "$pagecheck" --mib 4 --threads 2 || return
	down
	[[ ! -e /sys/module/fastswap && ! -e /dev/fastswap0 ]]
}

run_cycles() {
	local i
	for ((i = 1; i <= cycles; i++)); do
		cycle || { echo "cycle $i"; return 1; }
	done
}

# available_kib: with what waits on the CPUs' own lists, which newer kernels let grow to a tenth of the memory.
available_kib() {
	awk '/^MemAvailable/ { kib += $2 } $1 == "count:" { kib += 4 * $2 } END { print kib }' /proc/meminfo /proc/zoneinfo
}

no_memory_lost() {
	local now
	now=$(available_kib)
	echo "available before $available, now $now KiB"
	((available - now < 65536))
}

# Hook in and out while zswap holds pages of a foreign area.
hook_comes_and_goes() {
	local i
	start_checking "$pagecheck" --mib 16 --threads 2 --random --write-percent 30
	eventually zswap_holds 1000 || return
	for ((i = 0; i < 3; i++)); do
		insmod "$modules/fastswap.ko" || return
		sleep 0.5
		rmmod fastswap || return
	done
	end_checking
}

modprobe zram num_devices=1
echo 256M >/sys/block/zram0/disksize
mkswap /dev/zram0 >/dev/null
swapon -p 10 /dev/zram0
cycle
available=$(available_kib)
# It fills whatever the cycles leave of the CPUs, and no more.
start_checking under 16M nice "$pagecheck" --mib 24 --threads 2 --random --write-percent 30 --no-pageout
ok "$cycles cycles" run_cycles
ok "the other area was busy all along" end_checking
if echo Y >/sys/module/zswap/parameters/enabled; then
	ok "the hook comes and goes while zswap holds pages" hook_comes_and_goes
	echo N >/sys/module/zswap/parameters/enabled
else
	echo "ok $((++count)) - with zswap # SKIP this kernel has none"
fi
swapoff /dev/zram0
rmmod zram
ok "no memory lost" no_memory_lost
finish
