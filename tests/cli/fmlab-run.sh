#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# guests: --cpus 2
# What a command sees in the guest and what comes back from it: one boot.
# shellcheck disable=SC2016 # the guest expands what is quoted here
set -euo pipefail
# shellcheck source=tests/fmlab.sh
. "$(dirname "$0")/../fmlab.sh"
need_guest 6.1

# Runs in the guest; its results are lines "name: value" on stdout.
cat >"$scratch/job" <<'EOF'
echo "arguments: $# [$1] [$2] [$3]"
echo "only on stderr" >&2
echo "first line"
# The host answers the first line while this still runs, or never.
for _ in $(seq 1200); do
	[ ! -e "$FMLAB_OUT/go" ] || break
	sleep 0.1
done
[ -e "$FMLAB_OUT/go" ] && echo "streamed: yes"
echo "by name" >/dev/stderr
echo "environment: $FMLAB $FMLAB_KERNEL $FMLAB_ACCEL ${FMLAB_EXACT-inexact}"
echo "release: $(uname -r)"
echo "directory: $PWD $(id -u) $(nproc)"
echo "stdin: $(wc -c)"
echo "cgroup: $(stat -f -c %T /sys/fs/cgroup) $(cat /sys/fs/cgroup/cgroup.subtree_control)"
echo "fresh: $(ls -A /tmp /dev/shm | tr -d '\n')"
echo "mounts: $(stat -f -c %T /tmp /dev/shm /dev/pts /sys/kernel/debug | xargs)"
echo "loopback: $(ip -brief address show lo | xargs)"
for module in zram brd loop null_blk; do
	modprobe "$module" && echo "module: $module"
done
echo changed >>Makefile && tail -n 1 Makefile | sed 's/^/overlay: /'
head -c 3000000 /dev/zero | tr '\0' x >"$FMLAB_OUT/big file"
# A kill at a group's limit is no fault of the kernel.
mkdir /sys/fs/cgroup/tight
echo 16M >/sys/fs/cgroup/tight/memory.max
sh -c 'echo $$ >/sys/fs/cgroup/tight/cgroup.procs; exec tail /dev/zero'
echo "tail: $?"
# Output and a process that are left behind must not keep the guest.
sleep 1000 &
seq 100000
exit 42
EOF

mkdir "$scratch/files"
lab/fmlab run --timeout 600 --out "$scratch/files" -- sh "$scratch/job" 'two words' "it's \"\$x\"" '' \
	> >(while IFS= read -r line; do
		printf '%s\n' "$line"
		[[ $line != "first line" ]] || touch "$scratch/files/go"
	done >"$scratch/out") 2>"$scratch/err" && status=0 || status=$?
# The reader above is no job of this shell: give it time to take in what has arrived.
for ((i = 0; i < 1200; i++)); do
	[[ $(tail -n 1 "$scratch/out") != 100000 ]] || break
	sleep 0.1
done

check "the exit status comes back" ended 42
check "arguments survive" out_has "^arguments: 3 \[two words\] \[it's \"\\\$x\"\] \[\]$"
check "output streams while the command runs" out_has '^streamed: yes$'
check "stderr stays out of stdout" eval '! out_has "only on stderr" && ! out_has "by name"'
check "stderr comes through alone, without the boot" \
	eval '[[ $(grep -v Killed "$scratch/err" | xargs) == "only on stderr by name" ]]'
check "stdout ends whole" eval '[[ $(tail -n 1 "$scratch/out") == 100000 ]]'
check "the lab's variables" out_has '^environment: 1 6\.1 (kvm|tcg) inexact$'
check "the kernel that was asked for" out_has "^release: $(lab/fmlab path 6.1 release)$"
check "root in the same directory, with 2 CPUs" out_has "^directory: $PWD 0 2$"
check "stdin is empty" out_has '^stdin: 0$'
check "cgroup v2 alone, controllers delegated" out_has '^cgroup: cgroup2fs .*cpuset cpu io memory'
# A tree that is below /tmp itself is there, too, and nothing else.
[[ $PWD == /tmp/* ]] && own=${PWD#/tmp/} own=${own%%/*}
check "fresh /tmp and /dev/shm" out_has "^fresh: /dev/shm:/tmp:${own-}$"
check "the loopback device is up" out_has '^loopback: lo .*127\.0\.0\.1'
check "tmpfs, devpts and debugfs" out_has '^mounts: tmpfs tmpfs devpts debugfs$'
check "modules load" eval '[[ $(grep -c "^module: " "$scratch/out") == 4 ]]'
check "the tree is writable there" out_has '^overlay: changed$'
check "and unchanged here" eval '[[ $(tail -n 1 Makefile) != changed ]]'
check "files come out" eval '[[ $(tr -d x <"$scratch/files/big file" | wc -c) == 0 &&
	$(stat -c %s "$scratch/files/big file") == 3000000 ]]'
check "the kernel log comes out" grep -q 'Memory cgroup out of memory' "$scratch/files/kernel.log"
check "a kill in a memory cgroup is no finding" out_has '^tail: 137$'
end_checks
