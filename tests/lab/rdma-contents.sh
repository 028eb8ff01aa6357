#!/bin/bash
# lab: --rdma --cpus 2 --mem 2G --numa 2
# lab-5.10: --rdma --cpus 1 --mem 2G --numa 2
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every page that comes back from the memory server is right, through the hook and the device.

# shellcheck disable=SC2317 # functions are called by way of ok
# shellcheck source=tests/lab/rdma.bash
. "$(dirname "$0")/rdma.bash" || exit 1

failed() {
	echo $(($(stat_of failed_loads) + $(stat_of failed_stores) + $(rdma_says errors)))
}

must "the server starts" server_up
for hook in $(page_hooks) none; do
	must "up $hook" pool_up "$hook" timeout_ms=30000
	ok "$hook: the pool has all of the server's memory" is $((64 << 20)) stat_of pool_bytes
	ok "$hook: connected" is 1 rdma_says connected
	for threads in $(by_length "1 4" "1 2 4 8"); do
		ok "$hook: $threads threads, own slices" under max "$pagecheck" --mib 4 --threads "$threads" \
			--rounds 2 --write-percent 40
	done
	ok "$hook: 4 threads, shared, random" "$pagecheck" --mib 4 --threads 4 --rounds 2 --shared \
		--random --write-percent 20
	ok "$hook: under a limit" under 8M "$pagecheck" --mib 16 --threads 2 --random \
		--write-percent 30 --no-pageout
	ok "$hook: pages did come back" test $(($(stat_of loads) + $(stat_of loads_async))) -gt 4000
	ok "$hook: nothing failed" is 0 failed
	ok "$hook: nothing is left under way" is 0 rdma_says in_flight
	ok "$hook: the device goes" down
	ok "$hook: the server saw the client leave" eventually server_logged "left$"
done
finish
