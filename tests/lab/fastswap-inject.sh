#!/bin/bash
# lab: --rdma --cpus 2 --mem 2G --numa 2
# lab-5.10: --cpus 2 --mem 2G
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Injected faults: the check finds damage, failures are retried or end in SIGBUS, and nothing is
# lost without a word.

# shellcheck disable=SC2317 # functions are called by way of ok
# shellcheck source=tests/lab/fastswap.bash
. "$(dirname "$0")/fastswap.bash" || exit 1

inject() {
	echo "$1" >"$parameters/inject"
}

# injected SPEC STATUS PAGECHECK-OPTIONS…
injected() {
	local spec=$1 want=$2 status=0 how=()
	shift 2
	# In a group of its own, pages that the device wrote leave the swap cache, too (bench/push_out.h).
	[[ $spec != flip:* ]] || how=(under max)
	inject "$spec"
	exits "$want" "${how[@]}" "$pagecheck" --mib 12 "$@" || status=1
	inject none
	return "$status"
}

counted() {
	(($(stat_of "$1") > 0))
}

echo 0 >/proc/sys/vm/page-cluster
for hook in auto none; do
	ok "up $hook" up "$hook"
	ok "$hook: no damage without injection" injected none 0
	ok "$hook: one flipped bit in 1000 pages is found" injected flip:1000 1
	ok "$hook: with four threads, shared" injected flip:1000 1 --threads 4 --shared --random
	ok "$hook: and the next run is clean" injected none 0 --threads 4
	ok "$hook: every load fails: SIGBUS, no wrong page" injected load_fail:1 4
	ok "$hook: failed loads were counted" counted failed_loads
	ok "$hook: the pages are there afterwards" injected none 0
	ok "$hook: some stores fail: nothing is lost" injected store_fail:3 0 --rounds 3 --write-percent 50
	ok "$hook: every store fails: nothing is lost" injected store_fail:1 0 --rounds 2 --write-percent 50
	ok "$hook: failed stores were counted" counted failed_stores
	down
done
ok "up auto" up auto
# One thread: no second load can come between a failed one and its retry.
ok "a load that failed in the hook is retried by the device" injected load_fail:3 0
ok "failed loads were counted" counted failed_loads
ok "the device helped" test "$(stat_of loads_async)" -gt 100
finish
