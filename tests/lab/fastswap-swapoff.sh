#!/bin/bash
# lab: --rdma --cpus 2 --mem 2G --numa 2
# lab-5.10: --cpus 2 --mem 2G
# SPDX-License-Identifier: GPL-2.0-or-later
#
# swapoff and swapon, again and again, while pages are out and loads run.

# shellcheck disable=SC2317 # functions are called by way of ok
# shellcheck source=tests/lab/fastswap.bash
. "$(dirname "$0")/fastswap.bash" || exit 1

off_and_on() {
	local times status=0
	start_checking under 8M "$pagecheck" --mib 12 --threads 2 --shared --random --write-percent 30 --no-pageout
	for ((times = 0; times < $(by_length 4 30); times++)); do
		eventually loads_more_than $(($(loads) + 300)) || status=1
		# The group's limit must not keep the pages from coming back.
		swapoff /dev/fastswap0 && [[ $(pool_says area) == none ]] || status=1
		swapon -p 100 /dev/fastswap0 || status=1
		# All pages are in memory now: nothing but this pushes them out again.
		echo 8M >"/sys/fs/cgroup/fastswap-$checking/memory.high" || status=1
	done
	end_checking || status=$?
	return "$status"
}

for hook in auto none; do
	ok "up $hook" up "$hook"
	ok "$hook: swapoff while loads run" off_and_on
	down
done
finish
