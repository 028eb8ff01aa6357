# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# For the tests of the micro suite: source it after lib.sh. A run, then what it said of itself.

# micro STATUS NAME ARGS…: its exit status must be that. $run: its number. Small and short unless
# ARGS say otherwise.
micro() {
	local want=$1 name=$2
	shift 2
	expect "$want" "$fmbench" micro "$name" -o region=32M -o local=8M --duration 300ms "$@"
	run=$(sql "SELECT max(id) FROM run")
	what="$name $*"
}

# value NAME: a result of that run, empty where it has none.
value() {
	sql "SELECT value FROM result WHERE run = $run AND name = '$1'"
}

# delta COLLECTOR KEY: what a counter grew by while that run was measured.
delta() {
	sql "SELECT CAST(delta AS INTEGER) FROM phase_delta
		WHERE run = $run AND phase = 'measure' AND collector = '$1' AND key = '$2'"
}

# true_that EXPRESSION WHY: arithmetic with fractions.
true_that() {
	awk "BEGIN { exit !($1) }" || fail "run $run ($what): $2: $1"
}

# near A B SHARE WHY: A and B are within that share of each other, or 64 apart.
near() {
	true_that "${1:-NONE_} == ${1:-0} && ${2:-NONE_} == ${2:-0} &&
		($1 - $2) ^ 2 <= ($3 * ($2) + 64) ^ 2" "$4"
}

flagged() {
	[[ $(sql "SELECT count(*) FROM flag WHERE run = $run AND code = '$1'") -gt 0 ]]
}

# No flag but those that stand for the machine, and those named.
only_flags() {
	local found
	found=$(sql "SELECT group_concat(code, ' ') FROM flag WHERE run = $run AND code NOT IN
		('EMULATED', 'CPU_CONTENDED', 'NOT_STEADY', 'GOVERNOR', 'KSM', 'V1_LIMIT', 'V1_OOM_RELIEF',
		'THP_ENABLED', 'SHARED_CORES', 'RECLAIM_CPU_SHARED',
		'SLOW_CLOCK', 'SAMPLER_LATE', 'NO_PLATEAU', 'WINDOW_SHORT', 'ASLEEP', 'PAGES_STAYED'$(printf ", '%s'" "$@"))")
	[[ ! $found ]] || fail "run $run ($what): flags $found"
}

# The four counts of the same pages: the program's, rusage's, the group's, the backend's.
counts_agree() {
	local loads all
	all=$(value all_major_faults)
	loads=$(delta fastswap loads)
	if [[ $loads ]]; then
		loads=$((loads + $(delta fastswap loads_async)))
	else
		loads=$(delta vmstat pswpin)
	fi
	true_that "$all > 100" "no faults"
	near "$(delta memory_stat pgmajfault)" "$all" 0.01 "the group's page-ins are not rusage's"
	if [[ ${1-} != read-ahead ]]; then
		near "$loads" "$all" 0.01 "the backend's loads are not rusage's"
	fi
}

# Each thread has its share of the touches: together they are all of them.
shares_are_whole() {
	local n least most sum
	IFS='|' read -r n least most sum < <(sql "SELECT count(*), min(value), max(value), sum(value)
		FROM result WHERE run = $run AND name GLOB 'thread_share.[0-9]*'")
	true_that "$n >= 1 && ($sum - $n) ^ 2 < 1e-12" "$n shares that are $sum"
	true_that "$least == $(value thread_share_min) && $most == $(value thread_share_max)" "extremes"
	[[ $what != fault_throughput* ]] || true_that "$n == $(value threads)" "one to a thread"
}

# Percentiles rise up to the maximum, and those are there that have 10 samples beyond them.
percentiles_rise() {
	local wrong
	wrong=$(sql "WITH asked (name, share) AS (VALUES
			('major_p50', 0.5), ('major_p90', 0.9), ('major_p99', 0.99), ('major_p99_9', 0.999)),
		found AS (SELECT a.name, share, value FROM asked a
			LEFT JOIN result r ON r.run = $run AND r.name = a.name)
		SELECT group_concat(name) FROM found f
		WHERE (value IS NOT NULL) <> ((1 - share) * $(value major_count) > 10 - 1e-6)
			OR value <= 0 OR value > $(value major_max)
			OR EXISTS (SELECT 1 FROM found g WHERE g.share < f.share AND g.value > f.value)")
	[[ ! $wrong ]] || fail "run $run ($what): percentiles $wrong"
}

# Counts in the window, their rates, shares and percentiles belong together.
window_is_sound() {
	local major minor touches window
	major=$(value major_faults) minor=$(value minor_faults)
	touches=$(value touches) window=$(value window)
	true_that "$window > 0 && $touches > 0" "an empty window"
	true_that "$(value thread_share_min) <= 1 && $(value thread_share_max) >= 1" "shares"
	shares_are_whole
	case $what in
	fault_latency*)
		near "$(value major_count) + $(value minor_count) + $(value none_count)" "$touches" 0.02 \
			"touches timed and touches counted"
		near "$(sql "SELECT sum(count) FROM bucket WHERE run = $run AND name = 'major'")" \
			"$(value major_count)" 0 "the histogram's buckets"
		percentiles_rise
		true_that "($(sql "SELECT sum / count / 1e3 FROM histogram
			WHERE run = $run AND name = 'major'") / $(value major_mean) - 1) ^ 2 < 1e-12" \
			"the histogram's mean"
		true_that "$(value clock_cost) > 0" "the clock is free"
		;;
	fault_throughput*)
		near "$(value faults) * $window" "$major" 0.01 "rate and count of faults"
		near "$(value touched) * $window" "$touches" 0.01 "rate and count of touches"
		near "$(value faults_per_core) * $(value threads)" "$(value faults)" 0.01 "per core"
		;;
	readahead*)
		near "$(value pages) * $window" "$touches" 0.01 "rate and count of pages"
		near "$(value major_share) * $touches" "$major" 0.01 "share of major faults"
		near "$(value minor_share) * $touches" "$minor" 0.01 "share of minor faults"
		;;
	esac
}

pages_are_whole() {
	true_that "$(value pages_verified) >= $1 && $(value pages_damaged) == 0" "verification"
}
