#!/bin/bash
# lab: --rdma --cpus 2 --mem 2G --numa 2
# lab-5.10: --cpus 2 --mem 2G
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the modules promise without a page: size, parameters, files, coming and going.

# shellcheck disable=SC2317 # functions are called by way of ok
# shellcheck source=tests/lab/fastswap.bash
. "$(dirname "$0")/fastswap.bash" || exit 1

hook_is_this_kernels() {
	case $FMLAB_KERNEL in
	5.10) [[ $(<"$parameters/hook") == frontswap-chain ]] ;;
	6.1) [[ $(<"$parameters/hook") == frontswap-pointer ]] ;;
	6.12 | 7.*) [[ $(<"$parameters/hook") == zswap-ftrace ]] ;;
	*) [[ $(<"$parameters/hook") == none ]] ;;
	esac
}

sizes_agree() {
	local bytes=$1 pages=$(($1 / 4096))
	[[ $(blockdev --getsize64 /dev/fastswap0) -eq $bytes ]] &&
		[[ $(stat_of pool_bytes) -eq $bytes && $(pool_says pages) -eq $pages ]] &&
		[[ $(awk '$1 == "/dev/fastswap0" { print $3 }' /proc/swaps) -eq $((bytes / 1024 - 4)) ]]
}

no_device() {
	[[ ! -e /dev/fastswap0 && $(pool_says name) == none ]]
}

remembers() {
	echo "$1" >"$parameters/inject" && [[ $(<"$parameters/inject") == "$2" ]]
}

# Whole pages written come back; slots never written and discarded slots read as zeros.
keeps_blocks() {
	local at=5 blocks=3 file
	file=$(mktemp)
	dd if=/dev/urandom of="$file" bs=4096 count="$blocks" status=none
	dd if="$file" of=/dev/fastswap0 bs=4096 seek="$at" oflag=direct status=none &&
		cmp <(dd if=/dev/fastswap0 bs=4096 skip="$at" count="$blocks" iflag=direct status=none) "$file" &&
		[[ $(stat_of curr_pages) -eq $blocks ]] &&
		blkdiscard -o $((at * 4096)) -l 4096 /dev/fastswap0 &&
		[[ $(stat_of curr_pages) -eq $((blocks - 1)) ]] &&
		cmp -n 4096 <(dd if=/dev/fastswap0 bs=4096 skip="$at" count=1 iflag=direct status=none) /dev/zero &&
		cmp -n 4096 <(dd if=/dev/fastswap0 bs=4096 skip=100 count=1 iflag=direct status=none) /dev/zero
}

ok "fastswap.ko refuses an unknown hook" refused insmod "$modules/fastswap.ko" hook=best
ok "fastswap.ko loads" insmod "$modules/fastswap.ko"
ok "the hook is this kernel's" hook_is_this_kernels
ok "no pool, no device" no_device
for bad in size= size=1 size=4Gx size=-1 size=999T "size=64M node=7" "size=64M node=-5"; do
	# shellcheck disable=SC2086 # a list of parameters
	ok "fastswap_dram.ko refuses $bad" refused insmod "$modules/fastswap_dram.ko" $bad
done
ok "fastswap_null.ko wants to be told" refused insmod "$modules/fastswap_null.ko" size=64M
ok "a refused pool leaves no device" no_device
for spec in flip load_fail:0 store_fail:-1 load_fail:2x explode:3 "flip:1,"; do
	ok "inject refuses $spec" refused remembers "$spec" "$spec"
done
ok "inject remembers what it took" remembers flip:5,load_fail:3 load_fail:3,flip:5
ok "inject can be taken back" remembers none none

ok "a pool loads, of no round size" insmod "$modules/fastswap_dram.ko" size=$((100 * 1048576 + 5000))
ok "the device keeps blocks" keeps_blocks
ok "a second pool is refused" refused insmod "$modules/fastswap_null.ko" size=64M unsafe=1
mkswap /dev/fastswap0 >/dev/null
ok "swapon" swapon -p 100 /dev/fastswap0
ok "area, device and pool have one size" sizes_agree $((100 * 1048576 + 4096))
ok "the area is known" test "$(pool_says area)" = 0
ok "the pool can't go while in use" refused rmmod fastswap_dram
ok "fastswap can't go while in use" refused rmmod fastswap
ok "the pool is healthy" test "$(pool_says health)" = ok
ok "swapoff" swapoff /dev/fastswap0
ok "the area is forgotten" test "$(pool_says area)" = none
ok "the pool goes" rmmod fastswap_dram
ok "and its device with it" no_device
ok "nothing is left in the pool" test "$(stat_of curr_pages)" = 0
ok "all memory at once, on a node" insmod "$modules/fastswap_dram.ko" size=64M node=0 prealloc=1
ok "the node is told" test "$(pool_says node)" = 0
ok "the pool goes again" rmmod fastswap_dram
ok "fastswap goes" rmmod fastswap
ok "without a hook" insmod "$modules/fastswap.ko" hook=none
ok "it says none" test "$(<"$parameters/hook")" = none
finish
