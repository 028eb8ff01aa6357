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
fmpager=$PWD/build/fmpager
run=("$fmbench" run quicksort --ratio 0.5 --peak 24M -o memory=24M --backend disk)

is_blank() {
	cmp -s -n 131072 "$disk" /dev/zero
}

expect 2 "${run[@]}"
grep -q 'disk.device= must name' "$tmp/err" || fail "$(<"$tmp/err")"
expect 2 "${run[@]}" -o disk.device=/dev/null
grep -q '/dev/null is no block device' "$tmp/err" || fail "$(<"$tmp/err")"
expect 2 "${run[@]}" -o disk.device=/dev/none
grep -q 'there is no /dev/none: lsblk' "$tmp/err" || fail "$(<"$tmp/err")"
expect 1 "${run[@]}" -o disk.device="$disk" --peak 400M
grep -q "$disk has 128M" "$tmp/err" || fail "$(<"$tmp/err")"

# Somebody's: a swap area, on or off, and a file system. The pager looks alike.
for what in mkswap "mkswap on" mkfs.ext4; do
	${what% on} -q "$disk" 2>/dev/null || ${what% on} "$disk" >/dev/null
	[[ $what != *" on" ]] || swapon "$disk"
	cksum <"$disk" >"$tmp/before"
	expect 2 "${run[@]}" -o disk.device="$disk"
	[[ $what == *" on" ]] || grep -q "$disk holds .*(\(swap\|ext4\)[^,]*, .*wipefs -a $disk" "$tmp/err" || fail "$(<"$tmp/err")"
	expect 2 "$fmpager" --limit 50% --pool file:path="$disk" -- true
	grep -q "$disk \(is mounted, swap\|holds something (blkid -p $disk \)" "$tmp/err" || fail "$(<"$tmp/err")"
	[[ $what != *" on" ]] || swapoff "$disk"
	cmp -s <(cksum <"$disk") "$tmp/before" || fail "$what: the disk was changed"
	dd if=/dev/zero of="$disk" bs=128K count=1 conv=fsync status=none
done
# put BYTES AT: with escapes, at that offset; below 0: from the end.
put() {
	python3 -c 'import os, sys
with open(sys.argv[1], "r+b") as disk:
    disk.seek(int(sys.argv[3]), os.SEEK_END if sys.argv[3][0] == "-" else os.SEEK_SET)
    disk.write(sys.argv[2].encode().decode("unicode_escape").encode("latin-1"))' "$disk" "$1" "$2"
}

# refused WHAT: it is there, the disk stays as it is, and is then emptied.
refused() {
	cksum <"$disk" >"$tmp/before"
	expect 2 "${run[@]}" -o disk.device="$disk"
	grep -q "$disk holds $1.*wipefs -a $disk" "$tmp/err" || fail "$1: $(<"$tmp/err")"
	cmp -s <(cksum <"$disk") "$tmp/before" || fail "$1: the disk was changed"
	blkdiscard -fz "$disk" 2>/dev/null
}

put 'something' 1
refused "data of a kind that libblkid does not know"
put '\x55\xaa' 510
put '\x83\0\0\0\0\x08\0\0\0\x80\0\0' 450
refused "a partition table (dos)"
put _BHRfS_M 65600 # the first 64 KiB of btrfs are zeros
refused ".*"
put 'Intel Raid ISM Cfg Sig. ' -1024 # the first 128 KiB are zeros
refused "a part of a RAID"
expect 3 "$fmbench" run null --backend host
grep -q 'serial number' "$tmp/err" || fail "$(<"$tmp/err")"

expect 0 "$fmpager" --limit 50% --quiet --pool file:path="$disk" -- true
is_blank || fail "the pager wrote to the disk's beginning"
expect_run "${run[@]}" -o disk.device="$disk" --set vm.swappiness=10
[[ $(sql 'SELECT far_bytes > 4000000 FROM run_summary ORDER BY run DESC LIMIT 1') == 1 ]] || fail "nothing was far"
is_blank || fail "a signature is left on the disk"
if [[ -e /sys/module/zswap ]]; then # its settings stand in the journal before the disk
	expect_run "${run[@]}" --backend zswap+disk -o zswap+disk.device="$disk"
	is_blank || fail "a signature is left on the disk behind zswap"
fi

"${run[@]}" -o disk.device="$disk" -o memory=64M --peak 64M >"$tmp/out" 2>"$tmp/err" &
killed=$!
eventually grep -q "^$disk " /proc/swaps
kill -KILL $killed
wait $killed 2>/dev/null || true
off() { ! grep -q "^$disk " /proc/swaps && is_blank; }
eventually off || fail "a killed run left its swap on"

# The power fails instead: the journal is of another boot, and the signature still there.
uuid=$(</proc/sys/kernel/random/uuid)
mkswap -L fmbench -U "$uuid" "$disk" >/dev/null
mkdir -p "$FMBENCH_STATE_DIR/journal"
printf 'fmbench-journal 1 1 1 another\nsignature\t%s\t%s\nswapon\t%s\t%s\n' "$disk" "$uuid" "$disk" "$uuid" \
	>"$FMBENCH_STATE_DIR/journal/$uuid.journal"
expect 0 "$fmbench" recover
is_blank || fail "the signature of before the reboot is left"
# Somebody made an area of his own there since.
mkswap -L fmbench "$disk" >/dev/null
printf 'fmbench-journal 1 1 1 another\nsignature\t%s\t%s\n' "$disk" "$uuid" >"$FMBENCH_STATE_DIR/journal/$uuid.journal"
expect 0 "$fmbench" recover
if is_blank; then fail "another's signature was cleared"; fi
