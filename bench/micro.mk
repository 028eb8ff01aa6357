# SPDX-License-Identifier: GPL-2.0-or-later
# The micro suite itself.

bench-micro: all bench-programs ## what its loops add to what they time, and faults/s beside peers'
	@$B/bench/micro_loops; loops=$$?; bench/micro_peers.sh && exit $$loops

.PHONY: bench-micro
