#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# fmbench backend: up keeps far memory on after it has ended, down undoes it, and so does recover.
. "$(dirname "$0")/../lib.sh"

# on PATTERN: a line of /proc/swaps matches.
on() {
	grep -Eq "$1" /proc/swaps
}

expect 0 "$fmbench" backend list
for name in swap zram swapfile none; do
	grep -q "^$name " "$tmp/out" || fail "$name is not listed"
done
expect 2 "$fmbench" backend up zarm
grep -q "did you mean 'zram'" "$tmp/err" || fail "no suggestion for zarm"

need_swap
disk=$(mktemp -d -p /var/tmp)
cleanup() {
	"$fmbench" backend down zram &>/dev/null || true
	"$fmbench" backend down swapfile &>/dev/null || true
	rm -rf "$tmp" "$disk"
}
trap cleanup EXIT
machine_state >"$tmp/before"
expect 0 "$fmbench" backend up zram -o size=64M
on '^/dev/zram[0-9]+ +partition\s+65532\s+[0-9]+\s+32767$' || fail "zram is not on"
expect 1 "$fmbench" backend up zram
expect 0 "$fmbench" backend status
grep -q '^zram is up' "$tmp/out" || fail "status does not name zram"
expect 0 "$fmbench" backend down zram
wait_same "$tmp/before" || fail "down left something behind"
expect 2 "$fmbench" backend down zram

expect 3 "$fmbench" backend up swapfile -o dir=/dev/shm
grep -q 'tmpfs' "$tmp/err" || fail "the file system that can't is not named"
wait_same "$tmp/before" || fail "a refused backend changed something"
if grep -q "^nodev	$(findmnt -nT "$disk" -o FSTYPE)\$" /proc/filesystems; then
	skip "/var/tmp is not on a disk"
fi
expect 0 "$fmbench" backend up swapfile -o "dir=$disk" -o size=64M
on "^$disk/fmbench-.*\.swap +file" || fail "the swap file is not on"
[[ $(stat -c '%a %b' "$disk"/*.swap) =~ ^600\ ([0-9]+)$ ]] || fail "others may read the swap file"
((BASH_REMATCH[1] * 512 >= 64 << 20)) || fail "the swap file has holes"
expect 0 "$fmbench" recover
on "^$disk/fmbench-.*\.swap +file" || fail "recover took down what is meant to stay up"
expect 0 "$fmbench" backend down swapfile
wait_same "$tmp/before" || fail "down left something behind"
[[ -z $(ls "$disk") ]] || fail "down left a file behind"
