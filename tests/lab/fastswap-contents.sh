#!/bin/bash
# lab: --rdma --cpus 2 --mem 2G --numa 2
# lab-5.10: --cpus 2 --mem 2G
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every page that comes back is right, through the hook, the device, and both.

# shellcheck disable=SC2317 # functions are called by way of ok
# shellcheck source=tests/lab/fastswap.bash
. "$(dirname "$0")/fastswap.bash" || exit 1

mib=$(by_length 4 8)

check_all() {
	local how=$1 few=4 threads
	[[ $how != auto ]] || few="1 4"
	for threads in $(by_length "$few" "1 2 4 8"); do
		ok "$how: $threads threads, own slices" \
			"$pagecheck" --mib "$mib" --threads "$threads" --rounds 2 --write-percent 40
		ok "$how: $threads threads, shared, random" \
			"$pagecheck" --mib "$mib" --threads "$threads" --rounds 2 --shared --random --write-percent 20
	done
	ok "$how: shared, in step, read only" "$pagecheck" --mib "$mib" --threads 4 --rounds 2 --shared
	ok "$how: fork and copy-on-write" "$pagecheck" --mib "$mib" --fork 3 --rounds 2
	ok "$how: fork under a limit" under 8M "$pagecheck" --mib 8 --fork 2 --rounds 1 --no-pageout
	ok "$how: under a limit" under 8M "$pagecheck" --mib 16 --threads 4 --random \
		--write-percent 30 --no-pageout
	ok "$how: pages did come back" test $(($(stat_of loads) + $(stat_of loads_async))) -gt 10000
	ok "$how: no store failed" test "$(stat_of failed_stores)" -eq 0
	# Before Linux 6.8 two threads that fault on one page of a synchronous area may both load it, the
	# second from a slot that the first has given back; mm throws that page away (pte_same()).
	[[ $how == *synchronous* ]] ||
		ok "$how: no load failed" test "$(stat_of failed_loads)" -eq 0
}

settings=("auto" "none" "auto async_readahead=1" "auto synchronous=1")
! has_swap_ops || settings+=("swap_ops" "swap_ops async_readahead=1" "swap_ops synchronous=1")
for setting in "${settings[@]}"; do
	# shellcheck disable=SC2086 # a list of words
	ok "up $setting" up $setting
	check_all "$setting"
	down
done
finish
