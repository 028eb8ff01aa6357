#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lab: --cpus 4 --mem 2G --numa 2 --disk 1G --host-memory 128M
# Offloaded reclaim: the reclaimer thread counts what it freed, as its group does; memory stays at the
# limit; a kernel without memory.reclaim says so and goes on.
. "$(dirname "$0")/../lib.sh"

run=("$fmbench" run memaslap --ratio 0.5 --peak 48M -o memory=48M --duration 5s --warmup 1s
	--backend zram --offload-reclaim)
expect_run "${run[@]}"
delta() { # COLLECTOR KEY
	sql "SELECT delta FROM phase_delta WHERE run = (SELECT max(id) FROM run)
		AND phase = 'measure' AND collector = '$1' AND key = '$2'"
}
reclaimed() { # pages
	echo $(($(delta reclaimer reclaimed) / 4096))
}
if [[ ! -e /sys/fs/cgroup/memory.reclaim && ! -e $(echo /sys/fs/cgroup/*/memory.reclaim) ]] &&
	! grep -q memory.reclaim /proc/kallsyms 2>/dev/null &&
	[[ $(sql "SELECT count(*) FROM flag WHERE code = 'NO_OFFLOAD'") == 1 ]]; then
	grep -q 'no memory.reclaim' "$tmp/err" || fail "the lack of memory.reclaim is not named"
	exit 0
fi
[[ $(sql "SELECT count(*) FROM flag WHERE code = 'NO_OFFLOAD'") == 0 ]] || fail "no offload here"
[[ $(delta reclaimer calls) -gt 10 ]] || fail "the reclaimer did nothing"
[[ $(delta reclaimer cpu) -gt 0 ]] || fail "its CPU time was not counted"
[[ $(reclaimed) -gt 0 ]] || fail "what it freed was not counted"
sql "SELECT local_bytes, limit_bytes FROM run_summary" >"$tmp/row"
awk -F'|' '{ exit !($1 < $2 * 1.02 && $1 > $2 * 0.95) }' "$tmp/row" || {
	cat "$tmp/row"
	fail "memory is not at the limit"
}

# Where nobody else reclaims, it and the group count the same pages. The head-room holds all of the
# region, so that the faulting thread never meets memory.high. A call is counted when it returns: of one that
# is under way at an end of the window the group has counted a part before.
expect_run "$fmbench" micro fault_throughput --backend zram --page-cluster 0 --cores 1 \
	-o mode=evict-dirty -o region=48M -o local=16M --duration 4s --offload-reclaim \
	--reclaim-headroom 48M
stolen=$(delta memory_stat pgsteal) high=$(delta memory_events high)
echo "the reclaimer counted $(reclaimed) of $stolen pages, memory.high was met $high times"
[[ $high -eq 0 ]] || fail "the faulting thread reclaimed as well"
awk -v mine="$(reclaimed)" -v all="$stolen" \
	'BEGIN { exit !(all > 1000 && (mine - all) ^ 2 <= (0.01 * all + 256) ^ 2) }' ||
	fail "the reclaimer counted $(reclaimed) pages, its group $stolen"
