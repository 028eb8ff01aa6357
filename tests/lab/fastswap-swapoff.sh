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

# Only where swapon can fail once the hook has heard of the area: on 6.12.
failing=$modules/fastswap_fail_swapon.ko
swapon_fails() {
	swapoff /dev/fastswap0 && insmod "$failing" || return
	refused swapon /dev/fastswap0
	rmmod fastswap_fail_swapon
}

if [[ -e $failing ]]; then
	ok "up for a swapon that fails" up auto
	ok "it fails" swapon_fails
	ok "no type is claimed" test "$(pool_says area)" == none
	ok "swapon works again" swapon -p 100 /dev/fastswap0
	ok "its type is" test "$(pool_says area)" != none
	ok "pages come back right" "$pagecheck" --mib 4
	down
fi

for hook in auto none; do
	ok "up $hook" up "$hook"
	ok "$hook: swapoff while loads run" off_and_on
	down
done
finish
