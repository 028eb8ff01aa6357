#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lab: --cpus 4 --mem 2G --numa 2 --disk 1G
# Offloaded reclaim: the reclaimer thread does all of it, counts what it freed, memory stays at the
# limit, and a kernel without memory.reclaim says so and goes on.
. "$(dirname "$0")/../lib.sh"

run=("$fmbench" run memaslap --ratio 0.5 --peak 48M -o memory=48M --duration 5s --warmup 1s
	--backend zram --offload-reclaim --reclaim-headroom 16M)
expect_run "${run[@]}"
delta() { # COLLECTOR KEY
	sql "SELECT delta FROM phase_delta WHERE phase = 'measure' AND collector = '$1' AND key = '$2'"
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
reclaimed=$(($(delta reclaimer reclaimed) / 4096))
stolen=$(delta memory_stat pgsteal)
[[ -n $stolen ]] || stolen=$(delta memory_stat pgsteal_direct)
high=$(delta memory_events high)
echo "the reclaimer counted $reclaimed of $stolen pages, memory.high was met $high times"
# Where nobody else reclaims, both count the same pages.
[[ $high -eq 0 ]] || fail "faulting threads reclaimed as well: more head-room, please"
awk -v mine="$reclaimed" -v all="$stolen" \
	'BEGIN { exit !(all > 1000 && mine > 0.99 * all && mine < 1.01 * all) }' ||
	fail "the reclaimer counted $reclaimed pages, its group $stolen"
sql "SELECT local_bytes, limit_bytes FROM run_summary" >"$tmp/row"
awk -F'|' '{ exit !($1 < $2 * 1.02 && $1 > $2 * 0.95) }' "$tmp/row" || {
	cat "$tmp/row"
	fail "memory is not at the limit"
}
