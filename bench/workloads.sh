#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The computations of workloads/ beside public implementations, on resident memory, one thread each, taking
# turns, by CPU time (STREAM's kernels and hpcc by the clock). Prints the medians of both and their ratio; below 1.0 the row says so, and the exit status is 1. What
# is not installed is left out and named: `make deps-bench` brings it.
#
#	bench/workloads.sh [ROUNDS [ROW...]]
set -euo pipefail
cd "$(dirname "$0")/.."

rounds=${1:-5}
shift || true
only=" $* "
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# ours METRIC NAME [key=value]...
ours() {
	build/bench/compute "${@:2}" | awk -v metric="$1" '$1 == metric { print $2 }'
}

peers() {
	build/bench/workloads_peers "$@"
}

python() {
	/usr/bin/python3 bench/workloads_peers.py "$1" "$dir/$2"
}

# hpcc RESULT: one run of all of hpcc a round, of which each row takes its figure.
hpcc_run() {
	mkdir -p "$dir/hpcc"
	(
		cd "$dir/hpcc"
		rm -f hpccoutf.txt
		cp "$OLDPWD/bench/hpccinf.txt" .
		mpirun --allow-run-as-root --oversubscribe -np 1 hpcc >/dev/null 2>&1
	)
}

hpcc() {
	[[ -f $dir/hpcc/round$round ]] || { hpcc_run && touch "$dir/hpcc/round$round"; }
	awk -F= -v name="$1" '$1 == name { print $2 }' "$dir/hpcc/hpccoutf.txt"
}

# The peers' input, the same as ours.
prepare() {
	local name
	for name in "pagerank scale=18" "bfs scale=18" "groupby memory=24M" "kmeans memory=128M"; do
		mkdir -p "$dir/${name%% *}"
		# shellcheck disable=SC2086 # name and options are words
		build/bench/compute --dump "$dir/${name%% *}" $name
	done
}

# row NAME UNIT OURS -- PEER WHAT: commands that print one number.
rows() {
	row copy GB/s "ours copy stream memory=96M" hpcc-stream "hpcc SingleSTREAM_Copy"
	row triad GB/s "ours triad stream memory=96M" hpcc-stream "hpcc SingleSTREAM_Triad"
	row gups GUPS "ours gups gups memory=64M updates=30000000 hot-share=0" \
		hpcc-randomaccess "hpcc SingleRandomAccess_GUPs"
	row scan GB/s "ours bandwidth scan memory=256M" memchr "peers memchr 256"
	row pagerank edges/s "ours edges pagerank scale=18 tolerance=0" scipy "python scipy_pagerank pagerank"
	row bfs TEPS "ours edges bfs scale=18 sources=8" scipy "python scipy_bfs bfs"
	row bfs-igraph TEPS "ours edges bfs scale=18 sources=8" igraph "python igraph_bfs bfs"
	row btree lookups/s "ours lookups btree memory=256M lookups=10000000" absl::btree_map \
		"peers absl_btree 256"
	row hashjoin tuples/s "ours tuples hashjoin memory=256M" absl::flat_hash_map "peers absl_join 256"
	row groupby rows/s "ours rows groupby memory=24M" sqlite3 "python sqlite_groupby groupby"
	row groupby-numpy rows/s "ours rows groupby memory=24M" numpy "python numpy_groupby groupby"
	row kmeans iterations/s "ours iterations kmeans memory=128M" scikit-learn "python sklearn_kmeans kmeans"
	row kvmap ops/s "ours ops kvmap memory=256M" absl::flat_hash_map "peers absl_map 256"
	row kvmap-std ops/s "ours ops kvmap memory=256M" std::unordered_map "peers std_map 256"
}

row() {
	local our their
	[[ $only == "  " || $only == *" $1 "* ]] || return 0
	our=$($3)
	if ! their=$($5 2>"$dir/why") || [[ -z $their ]]; then
		echo "$1: no figure of $4 ($(tail -n 1 "$dir/why")): make deps-bench" >>"$dir/missing"
		return 0
	fi
	printf '%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "$4" "$our" "$their" >>"$dir/figures"
}

prepare
for ((round = 1; round <= rounds; round++)); do
	rows
done
sort -u "$dir/missing" 2>/dev/null || true
/usr/bin/python3 - "$dir/figures" <<'EOF'
import sys
from statistics import median

table = {}
for line in open(sys.argv[1]):
    name, unit, peer, ours, theirs = line.rstrip("\n").split("\t")
    table.setdefault((name, unit, peer), []).append((float(ours), float(theirs)))
print(f"{'workload':14} {'unit':13} {'ours':>11} {'theirs':>11} {'ratio':>6}  beside")
below = 0
for (name, unit, peer), turns in table.items():
    ours, theirs = (median(t[i] for t in turns) for i in (0, 1))
    ratio = median(o / t for o, t in turns)
    below += ratio < 1
    print(f"{name:14} {unit:13} {ours:11.4g} {theirs:11.4g} {ratio:6.2f}  {peer}"
          f"{'  BELOW' if ratio < 1 else ''}")
sys.exit(below > 0)
EOF
