# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What the scripts in tests/cli and tests/lab share. Source it first:
#
#	. "$(dirname "$0")/../lib.sh"
#
# Gives $fmbench, $tmp (removed at the end), a database and a state directory of the test's own,
# and the functions below. A test ends with exit 0 (passed), 77 (skipped) or anything else.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

export fmbench=${FMBENCH:-$PWD/build/fmbench}
tmp=$(mktemp -d -t "fmbench-test-$$.XXXXXX") # tests/run knows by the name whose it was
trap 'rm -rf "$tmp"' EXIT
export FMBENCH_DB=$tmp/test.db FMBENCH_STATE_DIR=$tmp/state
export FMBENCH_CONFIG=/dev/null # whatever the user's own says

fail() {
	echo "FAIL: $*" >&2
	exit 1
}

skip() {
	echo "$*"
	exit 77
}

need_root() {
	[[ $(id -u) -eq 0 ]] || skip "needs root"
}

# Root, and an ordinary user can run this tree (it may lie below a directory of root's own).
can_be_user() {
	[[ $(id -u) -eq 0 ]] &&
		setpriv --reuid nobody --regid nogroup --clear-groups test -x "$fmbench" 2>/dev/null
}

# Swapping for real: zram, or a swap file where there is no zram.
need_swap() {
	need_root
	[[ -e /sys/class/zram-control ]] || modprobe zram 2>/dev/null ||
		skip "no zram in this kernel"
}

# expect CODE COMMAND…: run it, its output in $tmp/out and $tmp/err; its exit status must be CODE.
expect() {
	local want=$1 got=0
	shift
	"$@" >"$tmp/out" 2>"$tmp/err" || got=$?
	[[ $got -eq $want ]] || {
		sed 's/^/  out: /' "$tmp/out" >&2
		sed 's/^/  err: /' "$tmp/err" >&2
		fail "exit status $got, not $want: $*"
	}
}

# A run that went well or that says itself what is doubtful about it.
expect_run() {
	local got=0
	"$@" >"$tmp/out" 2>"$tmp/err" || got=$?
	[[ $got -eq 0 || $got -eq 7 ]] || {
		cat "$tmp/err" >&2
		fail "exit status $got: $*"
	}
}

# sql QUERY: ask the test's database, rows with | between columns.
sql() {
	sqlite3 -batch -noheader "$FMBENCH_DB" "$1"
}

# db_says FILE: all that a database says, by names instead of numbers.
db_says() {
	local table
	sqlite3 "$1" "SELECT uuid, status, json_extract(m.facts, '\$.host')
		FROM run r JOIN machine m ON m.id = r.machine ORDER BY 1"
	for table in job phase result flag histogram bucket artifact tick; do
		sqlite3 "$1" "SELECT '$table', r.uuid, t.* FROM $table t JOIN run r ON r.id = t.run" |
			cut -d'|' -f1,2,4- | sort
	done
	sqlite3 "$1" "SELECT r.uuid, m.job, m.collector, m.key, s.tick, s.value FROM sample s
		JOIN run r ON r.id = s.run JOIN metric m ON m.id = s.metric ORDER BY 1, 2, 3, 4, 5"
}

# set_in_group MOUNT FILE VALUE: write it into that file below the group of the run that is about to begin.
set_in_group() {
	local i file
	for ((i = 0; i < 600; i++)); do
		for file in "$1"/fmbench-*/"$2"; do
			[[ ! -e $file ]] || { echo "$3" >"$file"; return; }
		done
		sleep 0.05
	done
	return 1
}

# What a run may change on a machine, as text: compared before and after.
machine_state() {
	cat /proc/swaps
	find /sys/fs/cgroup -type d -name '*fmbench*' 2>/dev/null || true
	ls -d /sys/block/zram* 2>/dev/null || true
	cat /sys/block/zram*/disksize 2>/dev/null || true
	# Processes of fmbench, their keepers included; runs in a lab guest change nothing here.
	# shellcheck disable=SC2009 # pgrep shows no arguments of the short names
	ps -eo args= | grep -E '^([^ ]*/)?((memcached|memaslap|memcaslap)|fmbench (run|corun|micro|sweep)|/proc/self/exe worker)' |
		grep -vE -- '--in-lab|fmlab run ' || true
	find "$FMBENCH_STATE_DIR" -type f ! -name '*lock' 2>/dev/null || true
}

# by_length SHORT LONG: the value that this form of the test has.
by_length() {
	if [[ ${FMBENCH_LONG-} ]]; then
		echo "$2"
	else
		echo "$1"
	fi
}

# eventually COMMAND…: wait until it succeeds. The bound is for what never comes: a busy machine takes
# its time.
eventually() {
	local deadline=$((SECONDS + 120))
	until "$@"; do
		((SECONDS <= deadline)) || return 1
		sleep 0.05
	done
}

same_state() {
	machine_state >"$tmp/state-now"
	cmp -s "$1" "$tmp/state-now"
}

# wait_same FILE: until machine_state equals FILE's.
wait_same() {
	eventually same_state "$1" && return
	diff "$1" "$tmp/state-now" >&2 || true
	return 1
}
