#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# page_latency.sh KERNEL…: how long loads and stores take in fastswap itself, page by page, as its
# tracepoints tell, on kernels of the lab and with each hook there. Time is counted in instructions.

set -euo pipefail

modules=build/lab/${FMLAB_KERNEL-}/fastswap
trace=/sys/kernel/tracing

# rows HOOK: pages, median and 99th percentile of each event.
rows() {
	sed -nE 's/.* (load|store|fail): slot=.* latency_ns=([0-9]+) .*/\1 \2/p' "$trace/trace" |
		sort -k1,1 -k2n |
		awk -v hook="$1" '
			function show() {
				if (n)
					printf "%-18s %-6s %8d %10d %10d\n", hook, last, n,
						value[int((n + 1) / 2)], value[int((n * 99 + 99) / 100)]
			}
			$1 != last { show(); n = 0; last = $1 }
			{ value[++n] = $2 }
			END { show() }'
}

measure() {
	insmod "$modules/fastswap.ko" hook="$1"
	insmod "$modules/fastswap_dram.ko" size=64M prealloc=1
	mkswap -q /dev/fastswap0 2>/dev/null
	swapon -p 100 /dev/fastswap0
	echo >"$trace/trace"
	echo 1 >"$trace/events/fastswap/enable"
	build/bench/fault_cost read 4096 1 >/dev/null
	echo 0 >"$trace/events/fastswap/enable"
	rows "$(</sys/module/fastswap/parameters/hook)"
	swapoff /dev/fastswap0
	rmmod fastswap_dram fastswap
}

if [[ ${FMLAB-} ]]; then
	echo 0 >/proc/sys/vm/page-cluster
	echo 16384 >"$trace/buffer_size_kb"
	measure auto
	! grep -q hook_swap_ops "$modules/fastswap.ko" || measure swap_ops
	measure none
	exit
fi
printf '%-7s %-18s %-6s %8s %10s %10s\n' kernel hook event pages median p99
for kernel; do
	lab/fmlab run --kernel "$kernel" --exact --mem 2G --timeout 900 -- "$0" |
		sed "s/^/$(printf '%-7s' "$kernel") /"
done
