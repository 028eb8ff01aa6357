#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lab: --rdma --cpus 2 --mem 2G --numa 2
# The micro suite on far memory: on every backend the program's count, rusage, the group's page-ins
# and the backend's loads are the same pages, and a damaged page is found and located.
. "$(dirname "$0")/../lib.sh"
. tests/micro.bash

pages=8192 # of 32 MiB
machine_state >"$tmp/before"
cpus=(--cpus 0-1 --page-cluster 0)
while read -r backend name args; do
	# shellcheck disable=SC2086 # words
	micro 0 "$name" --backend "$backend" "${cpus[@]}" -o verify $args
	counts_agree
	window_is_sound
	pages_are_whole $pages
	only_flags
done <<-END
	fastswap-dram fault_throughput --cores 2
	fastswap-rdma fault_latency -o access=write
END
# With the limit lifted each page comes once and none leaves.
for backend in fastswap-dram fastswap-rdma; do
	micro 0 fault_throughput --backend $backend "${cpus[@]}" --duration 20s -o mode=noevict
	counts_agree
	near "$(value all_major_faults)" $pages 0.01 "not each page once"
	for stores in "fastswap stores" "fastswap stores_async" "vmstat pswpout"; do
		# shellcheck disable=SC2086 # collector and key
		true_that "0$(delta $stores) == 0" "$stores without reclaim"
	done
done

# What read-ahead brings counts against the limit.
micro 0 accounting --backend fastswap-dram --page-cluster 3 -o region=64M -o block=32 -o burst=4 \
	-o hold=200ms
only_flags READ_AHEAD_COUNTS
true_that "$(value read_ahead_charged) > 0.95 && $(value read_ahead_charged) < 1.05" "the charge"
true_that "$(value read_ahead) >= 4096 * 1024" "few pages read ahead"
micro 0 readahead --backend fastswap-dram --page-cluster 3
counts_agree read-ahead
window_is_sound
true_that "$(value major_share) < 0.3 && $(value minor_share) > 0.5" "no read-ahead"
micro 0 shrink --backend fastswap-dram -o verify
near "$(value evicted) * $(value shrink)" "$(value left)" 0.05 "rate, time and count"
pages_are_whole $pages
only_flags

# Every 1000th page that is loaded has a bit flipped.
while read -r name cores; do
	micro 7 "$name" --backend fastswap-dram -o fastswap-dram.inject=flip:1000 -o verify \
		"${cpus[@]}" --cores "$cores"
	[[ $(sql "SELECT status FROM run WHERE id = $run") == untrusted ]] || fail "trusted"
	flagged PAGE_CORRUPTED || fail "damage was not found: $what"
	loads=$(sql "SELECT CAST(sum(delta) AS INTEGER) FROM phase_delta WHERE run = $run
		AND phase IN ('measure', 'verify') AND collector = 'fastswap'
		AND key LIKE 'loads%'")
	# A page that stays damaged in memory is found once more by the last pass.
	true_that "$(value pages_damaged) >= $loads / 1000 - 2 &&
		$(value pages_damaged) <= $loads / 1000 + 16" "not one load in 1000"
	where='page [0-9]+ at 0x[0-9a-f]+, offset [0-9]+: 0x[0-9a-f]{16} instead of 0x[0-9a-f]{16}'
	[[ $(sql "SELECT detail FROM flag WHERE run = $run AND code = 'PAGE_CORRUPTED'") =~ $where ]] ||
		fail "the damage is not located"
	# One bit it was.
	bits=$(sql "SELECT detail FROM flag WHERE run = $run AND code = 'PAGE_CORRUPTED'" |
		sed -E 's/.*offset [0-9]+: (0x[0-9a-f]+) instead of (0x[0-9a-f]+).*/\1 \2/')
	flip=$((${bits% *} ^ ${bits#* }))
	((flip != 0 && (flip & (flip - 1)) == 0)) || fail "not one bit: $bits"
done <<-END
	fault_latency 1
	fault_throughput 2
END
wait_same "$tmp/before" || fail "something was left behind"
