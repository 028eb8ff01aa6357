#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A database that is not ours, newer, locked, unwritable or on a full disk.
. "$(dirname "$0")/../lib.sh"

say() {
	grep -qiE -- "$1" "$tmp/err" || {
		cat "$tmp/err" >&2
		fail "the message does not say '$1'"
	}
}
run_null=("$fmbench" run null --backend none)

echo 'not a database at all, just some text that is long enough' >"$FMBENCH_DB"
cp "$FMBENCH_DB" "$tmp/kept"
expect 1 "${run_null[@]}"
say "$FMBENCH_DB"
cmp "$FMBENCH_DB" "$tmp/kept" || fail "a foreign file was changed"
rm -f "$FMBENCH_DB"

sqlite3 "$FMBENCH_DB" 'CREATE TABLE mine(x); INSERT INTO mine VALUES (1)'
expect 1 "${run_null[@]}"
say 'fmbench'
[[ $(sql 'SELECT count(*) FROM sqlite_master') == 1 ]] || fail "a foreign database was changed"
rm -f "$FMBENCH_DB"*

expect_run "${run_null[@]}"
sqlite3 "$FMBENCH_DB" 'PRAGMA user_version = 9999' >/dev/null
expect 1 "${run_null[@]}"
say 'newer'
rm -f "$FMBENCH_DB"*

expect_run "${run_null[@]}"
mkfifo "$tmp/hold"
{ echo 'BEGIN EXCLUSIVE;'; cat "$tmp/hold"; } | sqlite3 "$FMBENCH_DB" &
holder=$!
exec 9>"$tmp/hold"
sleep 0.3
expect 1 "${run_null[@]}"
exec 9>&-
wait "$holder" || true
say 'locked'

if [[ $(id -u) -eq 0 ]] && mkdir "$tmp/full" && mount -t tmpfs -o size=256k none "$tmp/full" 2>/dev/null
then
	trap 'umount -l "$tmp/full"; rm -rf "$tmp"' EXIT
	dd if=/dev/zero of="$tmp/full/ballast" bs=1k count=200 2>/dev/null || true
	expect 1 "$fmbench" run null --backend none --db "$tmp/full/x.db"
	say 'full|space'
fi

expect 1 "$fmbench" run null --backend none --db /proc/no/such/x.db
say '/proc/no'
# A dry run says so, too, and makes nothing.
mkdir "$tmp/deeper"
expect 1 "${run_null[@]}" --dry-run --db "$tmp/deeper"
say "cannot write $tmp/deeper: Is a directory"
touch "$tmp/file"
expect 1 "${run_null[@]}" --dry-run --db "$tmp/file/x.db"
say 'Not a directory'
expect 0 "${run_null[@]}" --dry-run --db "$tmp/deeper/to/come/x.db"
[[ ! -e $tmp/deeper/to ]] || fail "a dry run made directories"
