#!/bin/bash
# lab: --rdma --cpus 2 --mem 2G --numa 2
# lab-5.10: --rdma --cpus 1 --mem 2G --numa 2
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Connecting and leaving, ten times (FMBENCH_LONG: 200): nothing is left behind on either side.

# shellcheck disable=SC2317 # functions are called by way of ok
# shellcheck source=tests/lab/rdma.bash
. "$(dirname "$0")/rdma.bash" || exit 1

queue_pairs() {
	rdma resource show qp | grep -c 'type RC'
}

server_rss_kib() {
	awk '$1 == "VmRSS:" { print $2 }' "/proc/$server/status"
}

cycle() {
	local times
	for ((times = 0; times < $1; times++)); do
		load_pool && dd if=/dev/zero of=/dev/fastswap0 bs=64K count=1 oflag=direct \
			status=none && rmmod fastswap_rdma || return
	done
}

must "the server starts" server_up --size 8M
must "fastswap loads" insmod "$modules/fastswap.ko"
ok "first cycles" cycle 2
rss=$(server_rss_kib)
ok "more cycles" cycle "$(by_length 10 200)"
ok "no queue pair is left" eventually is 0 queue_pairs
ok "all memory is free" eventually is $((8 << 20)) server_says bytes_free
ok "the server did not grow" test "$(server_rss_kib)" -lt $((rss + 512))
ok "nobody was lost" is 0 server_says clients_lost
ok "nobody was refused" is 0 server_says refused
finish
