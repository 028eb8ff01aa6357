#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A disk that the machine has, as far memory: it carries verified pages, is as empty afterwards as it was, also after
# a kill; and what holds anything else is refused, unchanged.
. "$(dirname "$0")/../lib.sh"
need_root
image=$(mktemp /var/tmp/fmbench-disk.XXXXXX) # where pages are: not below /tmp, which may be memory
disk=''
end() {
	[[ ! $disk ]] || losetup -d "$disk"
	rm -rf "$image" "$tmp"
}
trap end EXIT
truncate -s 128M "$image"
disk=$(losetup -f --show "$image" 2>"$tmp/err") || skip "no loop device here: $(<"$tmp/err")"
run=("$fmbench" run quicksort --ratio 0.5 --peak 24M -o memory=24M --backend disk)

is_blank() {
	cmp -s -n 65536 "$disk" /dev/zero
}

expect 2 "${run[@]}"
grep -q 'disk.device= must name' "$tmp/err" || fail "$(<"$tmp/err")"
expect 2 "${run[@]}" -o disk.device=/dev/null
grep -q '/dev/null is no block device' "$tmp/err" || fail "$(<"$tmp/err")"
expect 2 "${run[@]}" -o disk.device=/dev/none
grep -q 'there is no /dev/none: lsblk' "$tmp/err" || fail "$(<"$tmp/err")"
expect 1 "${run[@]}" -o disk.device="$disk" --peak 400M
grep -q "$disk has 128M" "$tmp/err" || fail "$(<"$tmp/err")"

# Somebody's: a swap area, on or off, and a file system.
for what in mkswap "mkswap on" mkfs.ext4; do
	${what% on} -q "$disk" 2>/dev/null || ${what% on} "$disk" >/dev/null
	[[ $what != *" on" ]] || swapon "$disk"
	cksum <"$disk" >"$tmp/before"
	expect 2 "${run[@]}" -o disk.device="$disk"
	[[ $what != *" on" ]] || swapoff "$disk"
	cmp -s <(cksum <"$disk") "$tmp/before" || fail "$what: the disk was changed"
	dd if=/dev/zero of="$disk" bs=64K count=1 conv=fsync status=none
done
expect 3 "$fmbench" run null --backend host
grep -q 'serial number' "$tmp/err" || fail "$(<"$tmp/err")"

expect_run "${run[@]}" -o disk.device="$disk"
[[ $(sql 'SELECT far_bytes > 4000000 FROM run_summary ORDER BY run DESC LIMIT 1') == 1 ]] || fail "nothing was far"
is_blank || fail "a signature is left on the disk"

"${run[@]}" -o disk.device="$disk" -o memory=64M --peak 64M >"$tmp/out" 2>"$tmp/err" &
killed=$!
eventually grep -q "^$disk " /proc/swaps
kill -KILL $killed
wait $killed 2>/dev/null || true
off() { ! grep -q "^$disk " /proc/swaps && is_blank; }
eventually off || fail "a killed run left its swap on"
