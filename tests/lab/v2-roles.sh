#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lab: --cpus 4 --mem 2G --numa 2 --disk 1G --host-memory 128M
# cgroup v2 with four CPUs on two nodes: every role on CPUs of its own, memory on the node that was
# asked for, the limit in memory.high: all read back from the kernel while the run goes on.
. "$(dirname "$0")/../lib.sh"

"$fmbench" run memaslap --ratio 0.5 --peak 96M -o memory=96M --duration 60s --warmup 3s --backend zram \
	--mem-node 0 --sample-hz 10 >"$tmp/out" 2>"$tmp/err" &
pid=$!
trap 'kill -INT $pid 2>/dev/null || true; wait $pid 2>/dev/null || true; rm -rf "$tmp"' EXIT
for ((i = 0; i < 3600; i++)); do
	sleep 0.1
	[[ -e $FMBENCH_DB && $(sql "SELECT count(*) FROM phase WHERE name = 'warmup'") == 1 ]] && break
	kill -0 "$pid" 2>/dev/null || { cat "$tmp/err"; fail "the run ended early"; }
done

server=$(pgrep -x memcached) || fail "no memcached"
client=$(pgrep -x 'memcaslap|memaslap') || fail "no memaslap"
cpus_of() { # PID: of all its threads, as a list
	awk '/^Cpus_allowed_list/ { print $2 }' "/proc/$1"/task/*/status | sort -u | tr '\n' ' '
}
fact() {
	sql "SELECT json_extract(facts, '$.\"$1\"') FROM run"
}
[[ $(cpus_of "$server") == "$(fact placement.workload_cpus) " ]] ||
	fail "memcached may run on $(cpus_of "$server"), planned $(fact placement.workload_cpus)"
[[ $(cpus_of "$client") == "$(fact placement.client_cpus) " ]] ||
	fail "memaslap may run on $(cpus_of "$client"), planned $(fact placement.client_cpus)"
reclaim=$(fact placement.reclaim_cpu) sampler=$(fact placement.sampler_cpu)
[[ $reclaim != "$sampler" ]] || fail "sampler and reclaim CPU are the same with four CPUs"
# With --mem-node the reclaim CPU is near that node.
[[ -d /sys/devices/system/node/node0/cpu$reclaim ]] || fail "reclaim CPU $reclaim is not on node 0"
grep -l "^Cpus_allowed_list:[[:space:]]*$sampler$" "/proc/$pid"/task/*/status >/dev/null ||
	fail "no thread of the harness is pinned to the sampler's CPU $sampler"

# No thread of either is on another role's CPU.
for who in "$server" "$client"; do
	for cpu in $(cpus_of "$who" | tr ',' ' '); do
		[[ $cpu != "$reclaim" ]] || fail "process $who may run on the reclaim CPU"
	done
done

group=$(sed -n 's/^0:://p' "/proc/$server/cgroup")
[[ $group == /fmbench-*/inside ]] || fail "memcached is in group '$group'"
[[ $(sed -n 's/^0:://p' "/proc/$client/cgroup") == /fmbench-*/outside ]] ||
	fail "memaslap is not outside"
dir=/sys/fs/cgroup$group
[[ $(cat "$dir/memory.high") == $((48 << 20)) ]] || fail "memory.high is $(cat "$dir/memory.high")"
[[ $(cat "$dir/cpuset.cpus.effective") == "$(fact placement.workload_cpus)" ]] || fail "cpuset.cpus"
[[ $(cat "$dir/cpuset.mems.effective") == 0 ]] || fail "cpuset.mems"
[[ -z $(cat "${dir%/*}/cgroup.procs") ]] || fail "a process is in the top group"

# Memcached's anonymous pages are on node 0, but for what exec itself made (a page of the stack).
awk '/heap|anon|N[0-9]+=/ { for (i = 1; i <= NF; i++) if ($i ~ /^N1=/ && /anon=/) { split($i, n, "=");
	on_1 += n[2] } } END { exit (on_1 > 16) }' "/proc/$server/numa_maps" ||
	fail "memory of memcached is on node 1: $(grep anon= "/proc/$server/numa_maps" | grep N1= | head -n 1)"
