#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A database that an older fmbench made (format 1, tests/fixtures/format-1): read as it is, brought up to
# date when it is written to, with a copy kept; merged.
. "$(dirname "$0")/../lib.sh"

old=$tmp/old.db
gunzip -c tests/fixtures/format-1/fmbench.db.gz >"$old"
before=$(sha256sum <"$old")

# Reading changes nothing, leaves nothing, and shows what was there.
expect 0 "$fmbench" show 2 --db "$old"
grep -q '^run 2: quicksort on zram at ratio 0.5: ok' "$tmp/out" || fail "show lacks the run"
grep -qE 'local memory +8(\.0)? MiB' "$tmp/out" || fail "show lacks local memory"
expect 0 "$fmbench" export csv runs --db "$old"
[[ $(wc -l <"$tmp/out") -eq 13 ]] || fail "not 12 runs exported"
grep -q '^2,.*,old,1,quicksort,zram,0.5,1,ok,17825792,8912896,8367176,8267439,' "$tmp/out" ||
	fail "run 2 was exported otherwise"
expect 0 "$fmbench" compare experiment=old,ratio=1 experiment=old,ratio=0.5 --db "$old"
expect 0 "$fmbench" plot slowdown --db "$old" -o "$tmp/slowdown.png"
[[ $(sha256sum <"$old") == "$before" ]] || fail "reading changed the database"
[[ -z $(find "$tmp" -name '*.format-1*') ]] || fail "reading kept a copy"
compgen -G "${TMPDIR:-/tmp}/fmbench-read.*" >/dev/null && fail "a private copy was left behind"

# Into a new one.
expect 0 "$fmbench" merge "$old" --into "$tmp/merged.db"
[[ $(sqlite3 "$tmp/merged.db" 'SELECT count(*) FROM run') == 12 ]] || fail "not 12 runs merged"
[[ $(sqlite3 "$tmp/merged.db" "SELECT count(*) FROM usage WHERE what = 'local'") -gt 5 ]] ||
	fail "merged without usage"

# Written to: a thirteenth run, a copy beside it, and the numbers as before.
expect_run "$fmbench" run null --backend none --db "$old"
sqlite3 "$old" 'PRAGMA user_version' | grep -qx 2 || fail "not brought up to date"
[[ $(sqlite3 "$old" "SELECT count(*) || ' ' || max(id) FROM run") == '13 13' ]] || fail "not 13 runs"
[[ $(sqlite3 "$old" 'PRAGMA foreign_key_check') == '' ]] || fail "rows without their parents"
[[ $(sqlite3 "$old" 'SELECT local_bytes FROM run_summary WHERE run = 2') == 8367176 ]] ||
	fail "run 2 has other numbers"
sqlite3 "$old.format-1" 'PRAGMA user_version' | grep -qx 1 || fail "no copy of the old format"
[[ $(sqlite3 "$old.format-1" 'SELECT count(*) FROM run') == 12 ]] || fail "the copy lacks runs"

# One that is newer is refused, by name and with what to do.
sqlite3 "$old" 'PRAGMA user_version = 99'
expect 1 "$fmbench" show --db "$old"
grep -q 'newer fmbench' "$tmp/err" || fail "no word of a newer fmbench"
