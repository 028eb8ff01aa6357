#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Which lines of a kernel log make a guest untrustworthy. The lines are kernels' own words.
set -euo pipefail
# shellcheck source=tests/fmlab.sh
. "$(dirname "$0")/../fmlab.sh"

found() {
	[[ $(printf '[   12.345678] %s\r\n' "$1" | awk -f lab/klog.awk) == "[   12.345678] $1" ]]
}

ignored() {
	[[ -z $(printf '[   12.345678] %s\r\n' "$1" | awk -f lab/klog.awk) ]]
}

while IFS= read -r line; do
	check "found: $line" found "$line"
done <<'EOF'
WARNING: CPU: 1 PID: 138 at mm/swapfile.c:1342 swap_free+0x6b/0x80
BUG: kernel NULL pointer dereference, address: 0000000000000000
BUG: unable to handle page fault for address: ffffc90000a00000
BUG: Bad page state in process sh  pfn:1a2b3
BUG: sleeping function called from invalid context at mm/page_alloc.c:5153
kernel BUG at mm/swap_state.c:113!
Oops: 0000 [#1] PREEMPT SMP NOPTI
general protection fault, probably for non-canonical address 0xdead000000000100: 0000 [#1]
invalid opcode: 0000 [#1] PREEMPT SMP NOPTI
Kernel panic - not syncing: sysrq triggered crash
watchdog: BUG: soft lockup - CPU#1 stuck for 67s! [kworker/1:1:38]
NMI watchdog: Watchdog detected hard LOCKUP on cpu 0
watchdog: Watchdog detected hard LOCKUP on cpu 0
rcu: INFO: rcu_preempt self-detected stall on CPU
rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:
INFO: task touch:153 blocked for more than 120 seconds.
list_del corruption, ffff888003a1c000->next is LIST_POISON1 (dead000000000100)
UBSAN: array-index-out-of-bounds in drivers/block/zram/zram_drv.c:120:3
Out of memory: Killed process 137 (tail) total-vm:439576kB, anon-rss:436716kB
EOF

while IFS= read -r line; do
	check "ignored: $line" ignored "$line"
done <<'EOF'
Memory cgroup out of memory: Killed process 213 (sh) total-vm:66004kB, anon-rss:16128kB
oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=a,mems_allowed=0,oom_memcg=/a
mtrr: your CPUs had inconsistent fixed MTRR settings
Spectre V2 : WARNING: Unprivileged eBPF is enabled, data leaks possible via Spectre v2
zram: Added device: zram0
tail[137]: segfault at 0 ip 00005581e6d9d139 sp 00007ffc4d3c2a10 error 6 in tail
sysrq: Resetting
EOF

warnings() {
	local n
	for ((n = 0; n < $1; n++)); do
		printf '%s\n' 'WARNING: CPU: 0 PID: 1 at a.c:1 f+0x1/0x2' 'Call Trace:' ' f+0x1' \
			'---[ end trace 0 ]---' 'quiet'
	done
}

lines() {
	[[ $(warnings "$1" | awk -f lab/klog.awk | wc -l) -eq $2 ]]
}
check "a finding ends with its trace" lines 1 4
check "of many findings only the first are shown whole" lines 10 $((3 * 4 + 7))
end_checks
