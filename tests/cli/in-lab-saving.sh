#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What --in-lab measures gets into the host's database: each row and artifact once, also when that is
# locked meanwhile or a disk is full. The guest is played by this machine (in-lab.sh has a real one).
. "$(dirname "$0")/../lib.sh"

mkdir -p "$tmp"/{fake/build,fake/lab,share}
cp "$fmbench" "$tmp/fake/build"
in_lab=$tmp/fake/build/fmbench
export TMPDIR=$tmp/share GUEST=$tmp/guest
cat >"$tmp/fake/lab/fmlab" <<'END'
#!/bin/bash
[[ $1 == run ]] || exit 2
while [[ $1 != -- ]]; do
	[[ $1 != --out ]] || export FMLAB_OUT=$2
	shift
done
exec "${@:2}"
END
cat >"$tmp/fake/lab/in-lab" <<'END'
#!/bin/bash
rm -rf "$GUEST"
mkdir "$GUEST"
[[ ! -e $FMLAB_OUT/fmbench.db ]] || cp "$FMLAB_OUT/fmbench.db" "$GUEST"
export FMBENCH_DB=$GUEST/fmbench.db FMBENCH_SAVE_TO=$FMLAB_OUT
"$@"
status=$?
sleep "${LINGER-0}"
exit $status
END
chmod +x "$tmp"/fake/lab/*


# What each run prints is in its artifact, and in a list beside the tests.
export PRINTED=$tmp/printed
# shellcheck disable=SC2016 # the run's shell expands it
print='echo "$RANDOM$RANDOM" | tee -a "$PRINTED"'
: >"$PRINTED"

# measure CODE RUNS [COMMAND]: so many runs in the lab, the shell's COMMAND in each.
measure() {
	expect "$1" "$in_lab" run --repeat "$2" --in-lab --lab '--cpus 1' -- bash -c "${3-:}; $print"
}

# all_there RUNS: the host's database says what the guest's says, of so many runs, and what these
# printed is where it says.
all_there() {
	local path
	[[ $(sql 'SELECT count(*) FROM run') == "$1" ]] || fail "not $1 runs on the host"
	[[ $(sql 'PRAGMA foreign_key_check') == '' ]] || fail "foreign keys do not hold"
	diff <(db_says "$GUEST/fmbench.db") \
		<(db_says "$FMBENCH_DB" | sed "s|$TMPDIR/fmbench-lab[^/]*/[0-9]*/||") >&2 ||
		fail "host and guest do not say the same"
	for path in $(sql 'SELECT path FROM artifact'); do
		[[ $path == /* ]] || path=${FMBENCH_DB%/*}/$path
		cat "$path"
	done >"$tmp/contents"
	diff <(sort "$PRINTED") <(sort "$tmp/contents") >&2 || fail "not the artifacts of these runs"
}

nothing_left() {
	[[ $(ls "$TMPDIR") == '' ]] || fail "left behind: $(ls "$TMPDIR")"
}

# What was there, and what two calls add.
expect_run "$fmbench" run --repeat 2 -- bash -c "$print"
measure 0 3
all_there 5
measure 0 1
all_there 6
nothing_left

# A database that somebody locks for longer than is waited for it at once.
mkfifo "$tmp/hold"
{ echo 'BEGIN IMMEDIATE;'; cat "$tmp/hold"; } | sqlite3 "$FMBENCH_DB" &
holder=$!
exec 9>"$tmp/hold"
while sql 'BEGIN IMMEDIATE' 2>/dev/null; do
	sleep 0.05
done
LINGER=7 "$in_lab" run --repeat 2 --in-lab --lab '--cpus 1' -- bash -c "$print" >"$tmp/out" 2>"$tmp/err" 9>&- &
pid=$!
eventually grep -q 'locked.*trying again' "$tmp/err" || true
grep -q "locked.*trying again.* is in $TMPDIR" "$tmp/err" || fail "not told that it is locked"
# A run that is saved does not carry those before it along.
for saved in "$TMPDIR"/fmbench-lab.*/[78]; do
	[[ $(sqlite3 "$saved/runs.db" 'SELECT count(*) FROM run') == 1 ]] || fail "not one run"
	[[ $(find "$saved/artifacts" -type f | wc -l) == 1 ]] || fail "not one run's artifacts"
done
exec 9>&-
wait "$holder"
wait "$pid" || fail "exit status $? although the lock was gone in time"
all_there 8
nothing_left

# A full disk: the one that guest and host share, for one run and to the end.
need_root
mkdir "$tmp/disk"
mount -t tmpfs -o size=4m none "$tmp/disk" 2>/dev/null || skip "no tmpfs can be mounted here"
trap 'umount -l "$tmp/disk"; rm -rf "$tmp"' EXIT
export TMPDIR=$tmp/disk ballast=$tmp/disk/ballast
# shellcheck disable=SC2016
fill='cat /dev/zero 2>/dev/null >"$ballast"'
measure 0 2 "rm \"\$ballast\" 2>/dev/null || $fill"
grep -q 'is not on the host' "$tmp/err" || fail "not told that the share is full"
all_there 10
nothing_left
cp "$PRINTED" "$tmp/kept"
measure 1 1 "$fill"
rm "$ballast"
cp "$tmp/kept" "$PRINTED"
nothing_left

# And the database's: what could not be taken in is where the message says.
export TMPDIR=$tmp/share
mkdir "$tmp/disk/artifacts"
mv "$tmp"/artifacts/* "$tmp/disk/artifacts"
mv "$FMBENCH_DB" "$tmp/disk"
FMBENCH_DB=$tmp/disk/${FMBENCH_DB##*/}
measure 1 2 "$fill"
grep -q "what was measured is in $TMPDIR/fmbench-lab" "$tmp/err" || fail "not told where it is"
rm "$ballast"
# shellcheck disable=SC2016
merge=$(sed -n 's/.*`fmbench \(merge .*\)` adds it.*/\1/p' "$tmp/err")
# shellcheck disable=SC2086 # words, and a pattern
expect 0 "$fmbench" $merge
all_there 12
