# SPDX-License-Identifier: GPL-2.0-or-later
# The micro suite itself.

bench-micro: all bench-programs ## what its loops add to what they time, and faults/s beside peers'
	@$B/bench/micro_loops; loops=$$?; bench/micro_peers.sh && exit $$loops

bench-kv: all bench-programs ## the client of workload kv: its floor, and beside memaslap and redis-benchmark
	@bench/kv.sh

.PHONY: bench-micro bench-kv
