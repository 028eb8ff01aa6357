#!/bin/bash
# lab: --cpus 1 --mem 2G
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Load and unload, FASTSWAP_CYCLES times (20), while another swap area is busy, with and without
# zswap. On one CPU: QEMU 7.2 emulating several now and then runs a stale int3 while the kernel
# patches a busy call site. The kernel's own function tracer panics it the same way.

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

# Hook in and out while zswap holds pages of a foreign area.
hook_comes_and_goes() {
	local i pid
	"$pagecheck" --mib 64 --threads 2 --seconds 8 --random --write-percent 30 &
	pid=$!
	for ((i = 0; i < 5; i++)); do
		insmod "$modules/fastswap.ko" || return
		sleep 0.5
		rmmod fastswap || return
	done
	wait "$pid"
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
