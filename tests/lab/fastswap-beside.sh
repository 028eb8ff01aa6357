#!/bin/bash
# lab: --rdma --parallel --cpus 2 --mem 2G --numa 2
# lab-5.10: --cpus 2 --mem 2G
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The device is read by others while it is a swap area, and slots come free under the reads. Once with a
# pool whose reads linger until that happens, and which tells of reads of what was freed.

# shellcheck disable=SC2317 # functions are called by way of ok
# shellcheck source=tests/lab/fastswap.bash
. "$(dirname "$0")/fastswap.bash" || exit 1

seconds=$(by_length 6 120)

stop=$(mktemp -u)
read_on() {
	while [[ ! -e $stop ]]; do
		dd if=/dev/fastswap0 of=/dev/null bs=64k iflag=direct conv=noerror status=none
	done 2>/dev/null
}

# Of a pool that lingers: slots that were discarded under reads. Others need not tell.
slots_met() {
	local met=/sys/module/fastswap_dram_debug/parameters/met
	[[ ! -e $met ]] || (($(<"$met") > 3))
}

# Many short-lived pages: each round's end frees its slots.
beside() {
	local readers=() begin=$SECONDS status=0
	dmesg -C
	read_on & readers+=($!)
	read_on & readers+=($!)
	until ((status || SECONDS > begin + 120)) || { ((SECONDS > begin + seconds)) && slots_met; }; do
		"$pagecheck" --mib "$mib" --threads 2 --shared --random --rounds 2 --write-percent 60 || status=$?
	done
	touch "$stop"
	wait "${readers[@]}"
	rm "$stop"
	return "$status"
}

kernel_is_content() {
	! dmesg | grep -E 'BUG:|WARNING:|Oops|general protection|bad page|list_.*corruption'
}

# No more than the slots in use, which other programs' pages may hold, but for mkswap's header and the
# freed slots that the kernel keeps, up to 64 on each CPU.
few_pages() {
	local used_kib
	used_kib=$(awk '$1 == "/dev/fastswap0" { print $4 }' /proc/swaps)
	(($(stat_of curr_pages) <= used_kib / 4 + 1 + 64 * $(nproc)))
}

for how in "" synchronous=1 delay_us=20000; do
	pool=fastswap_dram mib=4
	[[ $how != delay_us* ]] || pool=fastswap_dram_debug mib=1
	# shellcheck disable=SC2086 # none or one
	ok "up ${how:-as it is}" up auto size=8M $how
	ok "${how:-as it is}: pages come back right beside readers of the device" beside
	ok "${how:-as it is}: the kernel has nothing to say" kernel_is_content
	ok "${how:-as it is}: slots were discarded under reads" slots_met
	ok "${how:-as it is}: freed slots hold nothing in the end" eventually few_pages
	down
done
finish
