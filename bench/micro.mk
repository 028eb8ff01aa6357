# SPDX-License-Identifier: GPL-2.0-or-later
# The micro suite itself.

bench-micro: all bench-programs ## what its loops add to what they time, and faults/s beside peers'
	@$B/bench/micro_loops; loops=$$?; bench/micro_peers.sh && exit $$loops

bench-kv: all bench-programs ## the client of workload kv: its floor, and beside memaslap and redis-benchmark
	@bench/kv.sh

bench-agree: all ## what fmbench says beside what servers and devices counted, each within 3 %
	@bench/agree.sh

bench-pager: all pager $B/bench/pager_floor $B/bench/pager_tcp ## the user-space pager beside zram: a row a program, beside its bound (ROUNDS=1 SIZE=32M: short)
	@bench/pager.sh

.PHONY: bench-micro bench-kv bench-agree bench-pager
