#!/bin/bash
# lab: --cpus 2 --mem 2G
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Load and unload, FASTSWAP_CYCLES times (20), while another swap area is busy.

# shellcheck disable=SC2317 # functions are called by way of ok
# shellcheck source=tests/lab/fastswap.bash
. "$(dirname "$0")/fastswap.bash" || exit 1

cycles=${FASTSWAP_CYCLES:-20}

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

no_memory_lost() {
	local now
	now=$(awk '/^MemAvailable/ { print $2 }' /proc/meminfo)
	echo "available before $available, now $now KiB"
	((available - now < 65536))
}

modprobe zram num_devices=1
echo 256M >/sys/block/zram0/disksize
mkswap /dev/zram0 >/dev/null
swapon -p 10 /dev/zram0
cycle
available=$(awk '/^MemAvailable/ { print $2 }' /proc/meminfo)
under 16M "$pagecheck" --mib 24 --threads 2 --seconds 3600 --random --write-percent 30 --no-pageout \
	>/dev/null &
busy=$!
ok "$cycles cycles" run_cycles
ok "the other area was busy all along" kill -0 $busy
kill $busy $(pgrep -P $busy)
wait
swapoff /dev/zram0
rmmod zram
ok "no memory lost" no_memory_lost
finish
