#!/bin/bash
# lab: --rdma --parallel --cpus 2 --mem 2G --numa 2
# lab-5.10: --rdma --cpus 1 --mem 2G --numa 2
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The cable is cut at random moments for a random time, and every now and then the server is killed: 3
# breaks, FASTSWAP_BREAKS of them, or 1,000 (FMBENCH_LONG). No page ever comes back wrong. With grace no
# cut is noticed; without it pages are found again. Only with a server they are lost.

# shellcheck disable=SC2317 # functions are called by way of ok
# shellcheck source=tests/lab/rdma.bash
. "$(dirname "$0")/rdma.bash" || exit 1

needs_cable
breaks=${FASTSWAP_BREAKS:-$(by_length 3 1000)}
cuts_each=$(by_length 3 19)
RANDOM=${FASTSWAP_SEED:=$RANDOM}
echo "# FASTSWAP_SEED=$FASTSWAP_SEED"
cuts=0 kills=0 checked=0 timeout_ms=500

# Who mends the cable must not have pages at its other end: only MADV_PAGEOUT sends any there.
swappiness=$(</proc/sys/vm/swappiness)
trap 'echo "$swappiness" >/proc/sys/vm/swappiness' EXIT
echo 0 >/proc/sys/vm/swappiness
wire_up
address=$far

# pause MS: for as long at most.
pause() {
	local ms=$((RANDOM % $1))
	sleep "$((ms / 1000)).$(printf %03d $((ms % 1000)))"
}

# end_counting STATUS…: one of these is what pagecheck ends with.
end_counting() {
	local status=0 line
	end_checking >"$scratch/checked" || status=$?
	line=$(<"$scratch/checked")
	echo "$line"
	checked=$((checked + $(field checked "$line")))
	[[ " $* " == *" $status "* ]]
}

# Half of the cuts are shorter than the time-out, so that the NIC alone gets over them.
cut_once() {
	pause 300
	wire loss 100%
	pause $((2 * timeout_ms))
	wire
	eventually is 1 rdma_says connected || return
	cuts=$((cuts + 1))
}

# Each page is looked at again after the last cut.
cut_often() {
	local i how=(--write-percent 20)
	((grace_ms)) || how=(--again)
	start_checking "$pagecheck" --mib 4 --threads 2 "${how[@]}"
	eventually loads_more_than $(($(loads) + 100)) || return
	for ((i = 0; i < cuts_each && cuts + kills + 1 < breaks; i++)); do
		cut_once || return
	done
	eventually is 0 stat_of unhealed && eventually loads_more_than $(($(loads) + 2048)) || return
	end_counting 0
}

# The server that comes next knows nothing of the session.
kill_server() {
	start_checking "$pagecheck" --mib 4 --threads 2 --write-percent 20
	eventually loads_more_than $(($(loads) + 100)) || return
	pause 1000
	{ server_down KILL; } 2>/dev/null
	server_up --linger 600s && eventually logged "this pool stays failed" || return
	kills=$((kills + 1))
	end_counting 0 4
}

# life HOOK GRACE_MS: of a server.
life() {
	local hook=$1 grace_ms=$2
	server_up --linger 600s && pool_up "$hook" cip="$near" timeout_ms="$timeout_ms" grace_ms="$grace_ms" &&
		cut_often && kill_server && down && server_down TERM
}

hooks=() n=0
for hook in $(page_hooks | tac) none; do
	hooks+=("$hook 600000" "$hook 0")
done
while ((cuts + kills < breaks)); do
	read -r hook grace_ms <<<"${hooks[n++ % ${#hooks[@]}]}"
	must "$hook, grace $grace_ms ms: no page is wrong" life "$hook" "$grace_ms"
	echo "# by now $cuts cuts, $kills kills, $checked pages checked"
done
echo "#| rdma-breaks on $FMLAB_KERNEL: $cuts cuts, $kills kills, $checked pages checked, none wrong"
finish
