#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# guests: --cpus 2
# The machines that fmlab makes: NUMA, RDMA, cgroup versions, an exact clock, other kernels.
# shellcheck disable=SC2016 # the guest expands what is quoted here
set -euo pipefail
# shellcheck source=tests/fmlab.sh
. "$(dirname "$0")/../fmlab.sh"
need_guest 6.1

guest --numa 2 --cpus 4 --mem 1G --rdma --cgroup hybrid -- sh -c '
	cd /sys/devices/system/node
	echo "nodes: $(cat online) $(cat node0/cpulist) $(cat node1/cpulist)"
	awk "/MemTotal/ { print \"memory: \" \$4 }" node*/meminfo
	rdma link show rxe0/1 | sed "s/^/rdma: /"
	echo "devices: $(ls /dev/infiniband | xargs) $(ulimit -l)"
	cd /sys/fs/cgroup
	echo "cgroup: $(stat -f -c %T memory unified | xargs) $(ls -d cpu cpuset freezer | xargs)"'
check "a clean end" ended 0
check "two nodes with two CPUs each" out_has '^nodes: 0-1 0-1 2-3$'
check "memory in halves" eval '[[ $(awk "/^memory: / && \$2 > 400000 && \$2 < 524289" \
	"$scratch/out" | wc -l) == 2 ]]'
check "a software RDMA NIC that is up" out_has '^rdma: link rxe0/1 state ACTIVE'
check "verbs and connection manager, memory lockable" \
	out_has '^devices: rdma_cm uverbs0 unlimited$'
check "hybrid cgroups" out_has '^cgroup: cgroupfs cgroup2fs cpu cpuset freezer$'

# A clock that counts instructions jumps over sleep, and one loop always costs the same, but
# for the interrupts that come in between.
guest --exact --numa 2 -- bash -c '
	sleep 130
	echo "cpus: $(nproc) $FMLAB_EXACT $FMLAB_ACCEL"
	cd /sys/devices/system/node
	echo "nodes: $(cat has_cpu) $(cat has_memory)"
	loop() {
		local i begin=${EPOCHREALTIME/./}
		for ((i = 0; i < 20000; i++)); do :; done
		echo "loop: $((${EPOCHREALTIME/./} - begin))"
	}
	for try in 1 2 3 4; do
		loop
	done
	export FMBENCH_DB=/tmp/x.db
	"$FMLAB_CWD/build/fmbench" run null >/dev/null 2>&1
	echo "fact: $(sqlite3 /tmp/x.db "SELECT facts ->> \"\$.lab\" FROM machine")"'
check "an exact guest sleeps longer than it may take" ended 0
check "an exact guest has one CPU" out_has '^cpus: 1 1 tcg$'
check "an exact guest is told to fmbench as one" out_has '^fact: tcg, exact$'
check "a node that no CPU is left for has memory" out_has '^nodes: 0 0-1$'
grep '^loop: ' "$scratch/out"
# The first round reads the pages of the loop's code.
check "an exact guest repeats its times to 0.5 %" awk '
	/^loop: / && ++n > 1 { if (!min || $2 < min) min = $2; if ($2 > max) max = $2 }
	END { exit !(n == 4 && max <= min * 1.005) }' "$scratch/out"

exec {end}>"$scratch/1.lock"
flock "$end"
guest --cable "$scratch:1" -- true
check "an end of a cable is for one guest" eval 'ended 3 && err_has "another guest is at end 1"'

# The check boots them all with their tests; here it is about the oldest cgroups with each.
kernels=$(lab/fmlab kernels | awk 'NR > 2 { print $1 }')
[[ ${FMBENCH_LONG-} ]] || kernels=${kernels%%$'\n'*}
for kernel in $kernels; do
	if ! lab/fmlab path "$kernel" release >/dev/null 2>&1; then
		skip "kernel $kernel" "not fetched: lab/fmlab fetch $kernel"
		continue
	fi
	guest --kernel "$kernel" --cgroup v1 -- sh -c '
		echo "$FMLAB_KERNEL: $(uname -r) $(stat -f -c %T /sys/fs/cgroup /sys/fs/cgroup/cpu |
			xargs) $(ls -d /sys/fs/cgroup/unified 2>/dev/null)"; modprobe zram'
	check "kernel $kernel boots and loads modules" ended 0
	check "kernel $kernel has cgroup v1 alone" \
		out_has "^$kernel: $(lab/fmlab path "$kernel" release | sed 's/+/[+]/') tmpfs cgroupfs $"
done
end_checks
