#!/bin/bash
# lab: --rdma --parallel --cpus 2 --mem 2G --numa 2
# lab-5.10: --cpus 2 --mem 2G
# SPDX-License-Identifier: GPL-2.0-or-later
#
# FASTSWAP_SOAK_SECONDS (15; FMBENCH_LONG: an hour on 6.1 and 7.3, five minutes elsewhere) of everything at
# once: shared random writes under a limit, slices pushed out and read, forks, all on one pool.

# shellcheck disable=SC2317 # functions are called by way of ok
# shellcheck source=tests/lab/fastswap.bash
. "$(dirname "$0")/fastswap.bash" || exit 1

long=300
[[ $FMLAB_KERNEL != @(6.1|7.3) ]] || long=3600
seconds=${FASTSWAP_SOAK_SECONDS:-$(by_length 15 $long)}

forks() {
	local end=$((SECONDS + seconds))
	while ((SECONDS < end)); do
		under 6M "$pagecheck" --mib 6 --fork 3 --rounds 2 --no-pageout >/dev/null || return
	done
}

soak() {
	local status=0 pid pids=()
	under 8M "$pagecheck" --mib 12 --threads 4 --seconds "$seconds" --shared --random \
		--write-percent 30 --no-pageout &
	pids+=($!)
	"$pagecheck" --mib 8 --threads 4 --seconds "$seconds" --write-percent 10 &
	pids+=($!)
	forks &
	pids+=($!)
	for pid in "${pids[@]}"; do
		wait "$pid" || status=1
	done
	return "$status"
}

ok "up" up auto size=512M
ok "$seconds s without a wrong page" soak
echo "# $(stat_of loads) loads, $(stat_of stores) stores"
ok "nothing failed" test $(($(stat_of failed_loads) + $(stat_of failed_stores))) -eq 0
finish
