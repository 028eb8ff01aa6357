# SPDX-License-Identifier: GPL-2.0-or-later
# The computations of workloads/ beside public implementations.

deps-bench: ## install what bench-workloads measures against: hpcc, Abseil, SciPy, igraph, scikit-learn
	@setup/deps.sh packages packages-peers

$B/bench/workloads_peers: bench/workloads_peers.cc $(LIB)
	@mkdir -p $(@D)
	$(call say,CXX,$<)g++ -std=gnu++17 -O2 -g -Wall -Wextra -I. -o $@ $< $(LIB) \
		$$(pkg-config --cflags --libs absl_flat_hash_map absl_btree 2>/dev/null || \
		pkg-config --cflags --libs absl_flat_hash_map)

bench-workloads: all $B/bench/compute $B/bench/workloads_peers ## each computation beside a public implementation
	@bench/workloads.sh

.PHONY: deps-bench bench-workloads
