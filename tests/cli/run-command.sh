#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Any program of the user's: its exit status counts, its output is kept, its name may be anything.
. "$(dirname "$0")/../lib.sh"

expect_run "$fmbench" run -- sh -c 'echo hello there; exit 0'
artifact=$(dirname "$FMBENCH_DB")/$(sql "SELECT path FROM artifact LIMIT 1")
grep -q 'hello there' "$artifact" || fail "output not kept in '$artifact'"

expect 1 "$fmbench" run -- sh -c 'echo the reason is here >&2; exit 3'
grep -q 'status 3' "$tmp/err" || fail "exit status not named"
grep -q 'the reason is here' "$tmp/err" || fail "last output not shown"
[[ $(sql "SELECT status FROM run ORDER BY id DESC LIMIT 1") == failed ]] || fail "not failed"

# shellcheck disable=SC2016 # the shell below expands it
expect 1 "$fmbench" run -- sh -c 'kill -9 $$'
grep -qi 'killed' "$tmp/err" || fail "the signal is not named"

# The run's own time is measured, and two different commands have different peaks.
expect_run "$fmbench" run -- sleep 0.3
sql "SELECT value FROM result WHERE name = 'elapsed' ORDER BY run DESC LIMIT 1" >"$tmp/elapsed"
awk '{ exit !($1 >= 0.3 && $1 < 2) }' "$tmp/elapsed" || fail "elapsed is $(cat "$tmp/elapsed")"
