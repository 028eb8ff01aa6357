#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lab: --rdma --cpus 2 --mem 2G --numa 2
# fmbench is killed by SIGKILL at random moments of runs over each device: nothing is left of them, and the
# database is whole. KILLS says how many (1; the long form: 200), SEED which moments.
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/lab/devices.bash
. tests/lab/devices.bash
[[ ${FMLAB-} ]] || skip "runs in the lab guest only"
[[ $FMLAB_KERNEL != 5.* && ($FMLAB_KERNEL != 6.1 || ${FMBENCH_LONG-}) ]] ||
	skip "this kernel has only some of the devices"

kills=${KILLS:-$(by_length 1 200)}
seed=${SEED:-$RANDOM}
RANDOM=$seed
small=(--ratio 0.5 --peak 8M -o memory=8M)
read -ra backends <<<"brd delay nvme-loop nvme-tcp nvme-rdma nbd ublk zswap"
declare -A swaps_after=() killed=()
late=0

now_ms() {
	echo $((${EPOCHREALTIME/./} / 1000))
}

# begin_and_wait BACKEND: a run over it, its pid in $run, until a random moment: before it swaps, amidst that,
# or when it has nearly ended. The first one shows when it swaps. zswap keeps what compresses only.
begin_and_wait() {
	local begin
	begin=$(now_ms)
	if [[ ${swaps_after[$1]-} ]]; then
		moment=$((RANDOM % (swaps_after[$1] * 3 / 2)))
		"$fmbench" run quicksort "${small[@]}" -o compressible=0.875 --backend "$1" >"$tmp/out" 2>"$tmp/err" &
		run=$!
		sleep "$(printf '%d.%03d' $((moment / 1000)) $((moment % 1000)))"
	else
		run_in_background "$1" -o compressible=0.875
		moment=$(($(now_ms) - begin))
		swaps_after[$1]=$moment
	fi
}

state >"$tmp/before"
"$fmbench" backend list >"$tmp/list"
able=()
for backend in "${backends[@]}"; do
	! has "$backend" || able+=("$backend")
done
first=$RANDOM
for ((kill = 0; kill < kills;)); do
	backend=${able[(first + kill) % ${#able[@]}]}
	begin_and_wait "$backend"
	if ! kill -KILL $run 2>/dev/null; then
		late=$((late + 1))
		((late <= kills)) || fail "$late runs had ended before they were to be killed"
		continue
	fi
	wait $run 2>/dev/null || true
	restored "seed $seed, kill $kill: $backend, $moment ms after its begin"
	killed[$backend]+=" $moment"
	kill=$((kill + 1))
done
[[ $(sql 'PRAGMA integrity_check') == ok ]] || fail "the database is damaged"
for backend in "${!killed[@]}"; do
	echo "#| $backend: killed after${killed[$backend]} ms, all undone"
done
