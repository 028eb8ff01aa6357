#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Databases into one: nothing is lost or mixed up, merging twice changes nothing, a bad one among
# them changes nothing either.
. "$(dirname "$0")/../lib.sh"

for name in a b; do
	expect_run "$fmbench" run null -o memory=1M -o seconds=300ms --repeat 2 --db "$tmp/$name.db"
done
# As if b were another machine, which met its metrics in another order.
sqlite3 "$tmp/b.db" "
	PRAGMA foreign_keys = OFF;
	UPDATE machine SET facts = json_set(facts, '\$.host', 'elsewhere');
	UPDATE metric SET id = id + 1000; UPDATE sample SET metric = metric + 1000;
	UPDATE metric SET id = 3000 - id; UPDATE sample SET metric = 3000 - metric;"

db_says "$tmp/a.db" >"$tmp/parts"
db_says "$tmp/b.db" >>"$tmp/parts"
[[ $(grep -c . "$tmp/parts") -gt 500 ]] || fail "too little to compare"

expect 0 "$fmbench" merge "$tmp/a.db" "$tmp/b.db" --into "$tmp/c.db"
grep -q 'a.db: 2 runs added' "$tmp/out" || fail "not said what was added"
db_says "$tmp/c.db" | sort >"$tmp/merged"
sort "$tmp/parts" | diff - "$tmp/merged" >&2 || fail "the whole is not its parts"
[[ $(sqlite3 "$tmp/c.db" 'PRAGMA foreign_key_check') == '' ]] || fail "foreign keys do not hold"
[[ $(sqlite3 "$tmp/c.db" 'SELECT count(*) FROM machine') == 2 ]] || fail "not two machines"

# Twice, and from what was merged: nothing new.
expect 0 "$fmbench" merge "$tmp/b.db" "$tmp/c.db" "$tmp/a.db" --into "$tmp/d.db"
expect 0 "$fmbench" merge "$tmp/a.db" "$tmp/b.db" --into "$tmp/c.db"
grep -q 'a.db: 0 runs added .*, 2 were there' "$tmp/out" || fail "known runs are not known"
db_says "$tmp/c.db" | sort | cmp -s - "$tmp/merged" || fail "merging twice changed something"
db_says "$tmp/d.db" | sort | cmp -s - "$tmp/merged" || fail "order matters"

# Runs that are under way are not taken in half.
sqlite3 "$tmp/a.db" "UPDATE run SET status = 'started' WHERE id = 1"
expect 0 "$fmbench" merge "$tmp/a.db"
grep -q '1 runs added .*1 not ended and left out' "$tmp/out" || fail "a run under way went in"
[[ $(sql 'SELECT count(*) FROM run') == 1 ]] || fail "--db is not the default target"

# A bad one among them: nothing is changed.
echo 'not a database at all, but long enough to be taken for one' >"$tmp/bad.db"
expect 1 "$fmbench" merge "$tmp/b.db" "$tmp/bad.db" --into "$tmp/e.db"
grep -q 'bad.db' "$tmp/err" || fail "the bad one is not named"
[[ ! -e $tmp/e.db ]] || fail "something was merged all the same"
expect 3 "$fmbench" merge "$tmp/absent.db"
expect 2 "$fmbench" merge "$tmp/c.db" --into "$tmp/c.db"
grep -q 'into itself' "$tmp/err" || fail "into itself is not refused"
expect 2 "$fmbench" merge
