#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lab: --tiers 768M,1G --cpus 2
# Backend tier on a kernel with two tiers: each method moves pages, or doesn't, as it says; its settings are
# the old ones afterwards, also when fmbench was killed; the collectors' values are the files'. The long form
# has the other methods and the micro-benchmarks of nodes.
. "$(dirname "$0")/../lib.sh"
[[ ${FMLAB-} ]] || skip "runs in the lab guest only"

# Everything that the backend changes.
settings() {
	grep -Hs . /sys/kernel/mm/numa/demotion_enabled /proc/sys/kernel/numa_balancing \
		/proc/sys/kernel/numa_balancing_promote_rate_limit_MBps \
		/sys/kernel/debug/sched/numa_balancing/{scan_size_mb,scan_period_{min,max}_ms} \
		/sys/kernel/mm/mempolicy/weighted_interleave/* \
		/sys/kernel/mm/damon/admin/kdamonds/nr_kdamonds \
		/sys/module/damon_stat/parameters/enabled || true # 6.12 has not all of them
}

# How the kernel counts what memory.reclaim demotes.
demoted=pgdemote_proactive
grep -q $demoted /proc/vmstat || demoted=pgdemote_direct

settings >"$tmp/before"
as_before() {
	settings >"$tmp/after"
	diff "$tmp/before" "$tmp/after" >&2 || fail "$1 left settings changed"
}

# The mean of local memory in the last run's window, as share of local and far.
local_share() {
	sql "SELECT printf('%.2f', 1.0 * local_bytes / (local_bytes + far_bytes)) FROM run_summary
		ORDER BY run DESC LIMIT 1"
}

# near WANTED SHARE WHO: within what RATIO_NOT_HELD allows.
near() {
	awk -v is="$2" -v want="$1" 'BEGIN { exit !(is >= want - 0.05 && is <= want + 0.05) }' ||
		fail "$3: the share of memory on the fast node was $2, not $1"
}

"$fmbench" doctor --backend tier >"$tmp/doctor" || true
grep -q 'node 0 in tier [0-9]*; node 1 in tier' "$tmp/doctor" || fail "doctor sees no two tiers"
grep -q 'node 0: 100 ns.*node 1: 300 ns' "$tmp/doctor" || fail "doctor does not see the HMAT"

# moved KEY: of the last run, in its window.
moved() {
	sql "SELECT CAST(sum(delta) AS INTEGER) FROM phase_delta WHERE run = (SELECT max(id) FROM run)
		AND phase = 'measure' AND key = '$1' AND collector IN ('memory_stat', 'damon')"
}

# Pages promoted in each stay of the hot set, from the time series: "STAY PAGES".
by_stay() {
	sql "WITH w AS (SELECT begin_ns AS zero FROM phase WHERE run = (SELECT max(id) FROM run) AND name = 'measure'),
		s AS (SELECT CAST((t.end_ns - zero) / 5e9 AS INTEGER) AS stay, value
			FROM sample s JOIN tick t USING (run, tick) JOIN metric m ON m.id = s.metric, w
			WHERE run = (SELECT max(id) FROM run) AND collector = 'memory_stat' AND key = 'pgpromote_success'
			AND t.end_ns > zero)
		SELECT stay, max(value) - min(value) FROM s GROUP BY stay ORDER BY stay"
}

# caught NAME KEY COMMAND…: a run whose files are read meanwhile, once KEY has moved.
caught() {
	local watcher
	FAR_NODES=1 python3 tests/lab/collectors.py watch "$tmp/$1.json" "$2" &
	watcher=$!
	eventually test -e "$tmp/$1.json" || fail "nobody watches for $1"
	expect_run "${@:3}"
	wait $watcher || {
		cat "$tmp/out" "$tmp/err" >&2
		fail "the run on $1 was not caught"
	}
	"$fmbench" show -v >"$tmp/$1.shown"
	held+=("$1" "$(sql "SELECT max(id) FROM run")" "$tmp/$1.json" "$tmp/$1.shown")
}

# Small pages, so that a moment moves few.
echo never >/sys/kernel/mm/transparent_hugepage/enabled
held=()
gups=("$fmbench" run gups -o memory=24M --peak 26M --ratio 0.5 --backend tier)

# A hot set that moves. Its pages are promoted; in the long form after each move, and the ratio holds: both need a
# machine that isn't busy. Some updates go anywhere: in a mapping without faults the kernel looks for none.
expect_run "$fmbench" run gups -o memory=16M --peak 18M --ratio 0.5 --backend tier \
	-o "duration=$(by_length 8s 20s)" -o move=5s -o hot=0.2 -o hot-share=0.8
as_before reclaim
by_stay | sed 's/^/#| stay|promoted /'
(($(moved pgpromote_success) >= 100)) || fail "no hot page was promoted"
if [[ ${FMBENCH_LONG-} ]]; then
	near 0.5 "$(local_share)" reclaim
	(($(by_stay | awk -F'|' '$1 < 4 && $2 >= 10' | wc -l) == 4)) || fail "a hot set was not promoted after its move"
fi

# Demotion only.
caught tier $demoted "${gups[@]}" -o duration=1s -o tier.method=none
near 0.5 "$(local_share)" none
[[ $(moved pgpromote_success) == 0 ]] || fail "method none promoted pages"
as_before none

# Killed in its window: the janitor puts all back.
"${gups[@]}" -o duration=60s -o tier.scan-ms=200 >"$tmp/out" 2>&1 &
killed=$!
eventually grep -q 2 /proc/sys/kernel/numa_balancing || fail "nothing to kill: $(<"$tmp/out")"
sleep 1
kill -KILL $killed
wait $killed 2>/dev/null || true
undone() {
	settings | cmp -s - "$tmp/before"
}
eventually undone || true # as_before shows what is left
as_before "a kill"

if [[ ${FMBENCH_LONG-} ]]; then
	# DAMON does both, with goals by group: since 6.19. Of so small a job it may move nothing.
	if [[ $FMLAB_KERNEL != 6.12 ]]; then
		caught damos $demoted "${gups[@]}" -o duration=5s -o hot=0.2 -o hot-share=1 \
			-o tier.method=damos
		near 0.5 "$(local_share)" damos
		as_before damos
		echo "#| damos: $(moved migrate_hot_pages) pages up, $(moved migrate_cold_pages) down"
	fi

	# Nobody moves anything.
	expect_run "${gups[@]}" -o duration=1s -o tier.method=bind --ratio 0.25
	near 0.25 "$(local_share)" bind
	[[ $(moved pgpromote_success) == 0 && $(moved $demoted) == 0 ]] || fail "bind moved pages"
	as_before bind

	# Of nodes: both have figures; pages go there and back.
	"$fmbench" micro tier_latency --backend none -o memory=8M -o duration=800ms >/dev/null
	"$fmbench" micro tier_bandwidth --backend none -o memory=8M -o duration=1200ms >/dev/null
	for name in latency.0 loaded_latency.1 read.0 write.1 copy.1; do
		[[ $(sql "SELECT count(*) FROM result WHERE name = '$name' AND value > 0") == 1 ]] ||
			fail "no $name"
	done
	for method in call kernel; do
		expect_run "$fmbench" micro migrate --backend tier -o region=8M -o rounds=1 -o method=$method
		[[ $(sql "SELECT count(*) FROM result WHERE run = (SELECT max(id) FROM run) AND
			name IN ('left_fast', 'left_slow') AND value <= 0.02") == 2 ]] ||
			fail "method $method left pages behind: $(sql "SELECT name, value FROM result
				WHERE run = (SELECT max(id) FROM run)")"
	done
	as_before "micro migrate"
fi

"$fmbench" list collectors -v >"$tmp/keys"
FAR_NODES=1 python3 tests/lab/collectors.py judge "$FMBENCH_DB" "$tmp/keys" "${held[@]}"
