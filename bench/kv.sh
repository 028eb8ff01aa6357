#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The client of workload kv (make bench-kv), interleaved rounds, medians:
#	- its floor: against a server that answers at once, at half of what it can;
#	- beside memaslap: the same memcached, connections, value size, gets, both in a closed loop;
#	- beside redis-benchmark, where it is installed: the same redis, on the same CPUs.
set -euo pipefail
cd "$(dirname "$0")/.."

rounds=${ROUNDS:-5}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export FMBENCH_STATE_DIR=$tmp/state
fmbench=build/fmbench
common=(--ratio 1 --duration 5s --warmup 2s --sample-hz 0 -q)

median() {
	sort -g | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

# run NAME ARGS…: one run, in the database of that name.
run() {
	local name=$1
	shift
	"$fmbench" run "$@" "${common[@]}" --db "$tmp/$name.db" >/dev/null 2>&1 || [[ $? -eq 7 ]]
}

# result NAME METRIC: the median of all its runs.
result() {
	sqlite3 "$tmp/$1.db" "SELECT value FROM result WHERE name = '$2'" | median
}

ln -s "$PWD/build/bench/kv_null_server" "$tmp/memcached"
for ((i = 0; i < rounds; i++)); do
	PATH=$tmp:$PATH run floor kv -o rate=50% -o memory=64M -o server-threads=1
	PATH=$tmp:$PATH run most kv -o memory=64M -o server-threads=1
	run kv kv -o memory=256M -o get-share=1 -o popularity=uniform -o threads=1
	run memaslap memaslap -o memory=256M -o verify=1
done
awk -v p50="$(result floor latency_p50)" -v p99="$(result floor latency_p99)" \
	-v delay="$(result floor send_delay_p99)" -v ops="$(result floor ops)" \
	-v most="$(result most ops)" 'BEGIN {
	printf "floor, at %.1f k/s: latency p50 %.1f us, p99 %.1f us; sent late by p99 %.1f us\n", ops / 1e3, p50, p99, delay
	printf "most, a server that answers at once: %.1f k/s\n", most / 1e3 }'
awk -v a="$(result kv ops)" -v b="$(result memaslap ops)" 'BEGIN {
	printf "closed loop, values verified: kv %.1f k/s, memaslap %.1f k/s: %.2f\n", a / 1e3, b / 1e3, a / b }'

if ! command -v redis-benchmark >/dev/null; then
	echo "redis-benchmark: not installed"
	exit
fi
last=$(($(nproc) - 1))
taskset -c 0 redis-server --port 29731 --bind 127.0.0.1 --save '' --appendonly no \
	>"$tmp/redis.log" 2>&1 &
server=$!
trap 'kill $server; rm -rf "$tmp"' EXIT
until redis-cli -p 29731 ping >/dev/null 2>&1; do sleep 0.1; done
for ((i = 0; i < rounds; i++)); do
	run redis kv -o server=redis -o memory=64M -o get-share=1 -o popularity=uniform -o threads=1 \
		-o server-threads=1 --cpus 0 --client-cpus "$last" --reclaim-cpu none
	taskset -c "$last" redis-benchmark -p 29731 -t set,get -n 200000 -c 16 -d 1024 -r 50000 --csv |
		awk -F'"' '$2 == "GET" { print $4 }' >>"$tmp/redis-benchmark"
done
awk -v a="$(result redis ops)" -v b="$(median <"$tmp/redis-benchmark")" 'BEGIN {
	printf "closed loop, redis: kv %.1f k/s, redis-benchmark %.1f k/s: %.2f\n", a / 1e3, b / 1e3, a / b }'
