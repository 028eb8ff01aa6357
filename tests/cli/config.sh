#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The defaults file: its options hold unless the environment or the command line says otherwise, a
# slip in it is named with its line, and a run keeps what it took from there.
. "$(dirname "$0")/../lib.sh"

config=$tmp/config
unset FMBENCH_CONFIG
export XDG_CONFIG_HOME=$tmp HOME=$tmp
mkdir "$tmp/fmbench"
cat >"$tmp/fmbench/config" <<END
[common]
db = ~/of-the-file.db
quiet = yes
[run]
repeat = 4
sample-hz = 0
END

expect 0 "$fmbench" run null --dry-run
grep -q '^4 runs: ' "$tmp/out" || fail "repeat is not the file's: $(<"$tmp/out")"
expect 0 "$fmbench" run null --dry-run --repeat 2 --quiet=no
grep -q '^2 runs: ' "$tmp/out" || fail "the command line does not outweigh the file"
grep -q '2 repeats' "$tmp/err" || fail "--quiet=no does not outweigh the file"

expect_run "$fmbench" run null
[[ -e $FMBENCH_DB && ! -e $tmp/of-the-file.db ]] || fail "the environment does not outweigh the file"
[[ $(sql "SELECT facts ->> 'config' FROM run WHERE id = 4") == *'run.repeat=4; run.sample-hz=0' ]] ||
	fail "the run does not keep it"
(unset FMBENCH_DB && expect_run "$fmbench" run null --repeat 1)
[[ -e $tmp/of-the-file.db ]] || fail "db is not the file's"

# What it shows can be read again, and says the same.
expect 0 "$fmbench" config
grep -q '^repeat = 4$' "$tmp/out" || fail "config does not show repeat"
grep -q '^; seed = 1$' "$tmp/out" || fail "config does not show what is not set"
cp "$tmp/out" "$config"
expect 0 "$fmbench" --config "$config" config
diff <(tail -n +2 "$config") <(tail -n +2 "$tmp/out") || fail "config does not read what it writes"

# slip TEXT WORDS: refused with its line.
slip() {
	printf '%s\n' "$1" >"$config"
	expect 2 "$fmbench" run null --config "$config"
	grep -qF -- "$2" "$tmp/err" || fail "'$2' is missing: $(<"$tmp/err")"
}
slip $'[run]\nreapet = 1' "config:2: [run] has no option 'reapet'; did you mean 'repeat'?"
slip $'[common]\n\n[rum]' "config:3: [rum] is no section; did you mean 'run'?"
slip $'[common]\nin-lab = yes' 'config:2: in-lab is for the command line only'
slip 'repeat = 1' 'config:1: a section comes first'
expect 2 "$fmbench" --config "$tmp/absent" run null
grep -q 'cannot read the defaults file' "$tmp/err" || fail "a missing file is not named"
