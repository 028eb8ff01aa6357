#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lab: --cpus 4 --mem 2G --numa 2 --disk 1G --host-memory 128M
# A workload that the kernel kills for want of memory, in a delegated group with a hard limit of
# its own: a failed run that says so; and the root for groups is the user's to choose.
. "$(dirname "$0")/../lib.sh"

group=/sys/fs/cgroup/tight
mkdir "$group"
trap 'rmdir "$group"; rm -rf "$tmp"' EXIT
echo +memory >/sys/fs/cgroup/cgroup.subtree_control
echo 48M >"$group/memory.max"
expect 1 "$fmbench" run quicksort -o memory=128M --cgroup-root /tight
grep -q 'out of memory' "$tmp/err" || {
	cat "$tmp/err"
	fail "the kill is not named"
}
[[ $(sql "SELECT status FROM run") == failed ]] || fail "not failed"
[[ -z $(find "$group" -mindepth 1 -type d) ]] || fail "a group was left behind"

expect 2 "$fmbench" run null --cgroup-root /nowhere
grep -q nowhere "$tmp/err" || fail "the missing group is not named"

# A group with processes in it can't have children with controllers.
mkdir "$group/busy"
sleep 1000 &
sleeper=$!
echo "$sleeper" >"$group/cgroup.procs" 2>/dev/null || echo "$sleeper" >"$group/busy/cgroup.procs"
status=0
"$fmbench" run null --cgroup-root /tight/busy >"$tmp/out" 2>"$tmp/err" || status=$?
kill "$sleeper"
wait "$sleeper" 2>/dev/null || true
[[ $status -ne 0 ]] || fail "a run in a group with processes went well"
grep -q 'tight/busy' "$tmp/err" || fail "the busy group is not named: $(cat "$tmp/err")"
find "$group/busy" -mindepth 1 -type d | grep . && fail "a group was left in the busy one"
rmdir "$group/busy"
