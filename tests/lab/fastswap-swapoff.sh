#!/bin/bash
# lab: --cpus 2 --mem 2G
# lab-6.12: --cpus 1 --mem 2G
# SPDX-License-Identifier: GPL-2.0-or-later
#
# swapoff and swapon, again and again, while pages are out and loads run.

# shellcheck disable=SC2317 # functions are called by way of ok
# shellcheck source=tests/lab/fastswap.bash
. "$(dirname "$0")/fastswap.bash" || exit 1

off_and_on() {
	local times=0 pid status=0
	under 20M "$pagecheck" --mib 32 --threads 2 --seconds 15 --shared --random --write-percent 30 \
		--no-pageout &
	pid=$!
	sleep 3
	while kill -0 "$pid" 2>/dev/null; do
		# The group's limit must not keep the pages from coming back.
		swapoff /dev/fastswap0 && [[ $(pool_says area) == none ]] || status=1
		swapon -p 100 /dev/fastswap0 || status=1
		times=$((times + 1))
		sleep 1
	done
	wait "$pid" || status=$?
	echo "$times times"
	return $((status || times < 3))
}

for hook in auto none; do
	ok "up $hook" up "$hook"
	ok "$hook: swapoff while loads run" off_and_on
	ok "$hook: pages did come back" test $(($(stat_of loads) + $(stat_of loads_async))) -gt 1000
	down
done
finish
