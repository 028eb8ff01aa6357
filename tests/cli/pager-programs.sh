#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Real programs at half of their memory under fmpager compute, byte for byte, what they compute without it:
# threads, forks, execs. FMBENCH_LONG=1: larger, with compilers and servers.
. "$(dirname "$0")/../lib.sh"
. tests/pager.bash

server=
trap '[[ ! $server ]] || kill $server 2>/dev/null || true; rm -rf "$tmp"' EXIT
export LC_ALL=C

# paged COMMAND…: some of its pages left and came back, and what it can't page is little.
paged() {
	"$fmpager" --limit "${limit:-50%}" --stats "$tmp/stats" --quiet -- "$@" || fail "status $?: $*"
	grep -q '"pages_out":[1-9]' "$tmp/stats" || fail "nothing left: $*"
	grep -q '"unpaged_programs":0,' "$tmp/stats" || fail "programs that are not paged: $*"
}

# same NAME COMMAND…: its standard output is the same.
same() {
	local begin=$SECONDS
	"${@:2}" >"$tmp/plain" || fail "$1 fails without the pager"
	paged "${@:2}" >"$tmp/paged"
	cmp "$tmp/plain" "$tmp/paged" || fail "$1: other output under the pager"
	echo "#| $1: $(wc -c <"$tmp/plain") bytes alike, $((SECONDS - begin)) s"
}

seq "$(by_length 150000 1500000)" | sort -R --random-source=<(yes) >"$tmp/numbers"
same sort sort -S 40M --parallel=2 "$tmp/numbers"
same xz xz -T2 --block-size=256KiB -2 -c "$tmp/numbers"
same pipeline bash -c "sort -S 20M '$tmp/numbers' | gzip -1 | gzip -d | sort -rn -S 20M | sha256sum"
same sqlite3 sqlite3 :memory: "CREATE TABLE t (n INTEGER, s TEXT);" \
	"WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < $(by_length 30000 400000))
	 INSERT INTO t SELECT i * 7919 % 100003, hex(i * i) FROM c;" \
	"CREATE INDEX i ON t (n, s);" "SELECT count(*), sum(n), max(s) FROM t;" \
	"SELECT * FROM t ORDER BY s DESC, n LIMIT 500;"

# A compiler: the driver calls cc1, as and collect2.
{
	for ((i = 0; i < $(by_length 120 4000); i++)); do
		printf 'int f%d(int *a, int n) { int s = %d; for (int i = 0; i < n; i++) s += a[i] * (s ^ %d); return s; }\n' \
			"$i" "$i" $((i * 31 % 97))
	done
	echo 'int main(void) { int a[4] = { 1, 2, 3, 4 }; return f7(a, 4) & 1; }'
} >"$tmp/large.c"
same gcc bash -c "gcc -O2 -c -o '$tmp/large.o' '$tmp/large.c' && cat '$tmp/large.o'"
# 7z's tables are read at random: at half of 8 MiB each step is a fault.
[[ ! ${FMBENCH_LONG-} || ! -x $(command -v 7z) ]] || same 7z bash -c "7z a -mmt2 -mx3 -si -so -txz x <'$tmp/numbers' 2>/dev/null"

# A server that forks to save: what it holds is what it was given, and so is what it saved.
if [[ -x $(command -v redis-server) ]]; then
	port=$((20000 + $$ % 20000))
	values=$(by_length 3000 60000)
	ask() {
		redis-cli -p "$port" "$@"
	}
	digest() {
		ask DEBUG DIGEST
	}
	serve() { # DIR [WRAPPER…]
		mkdir -p "$1"
		"${@:2}" redis-server --port "$port" --dir "$1" --save '' --enable-debug-command yes \
			>"$1/log" 2>&1 &
		server=$!
		eventually ask PING >/dev/null 2>&1 || fail "redis-server: $(tail -n 3 "$1/log")"
		ask PING >/dev/null || fail "redis-server does not answer: $(tail -n 3 "$1/log")"
	}
	fill() {
		awk -v n="$values" 'BEGIN { for (i = 0; i < n; i++) {
			v = ""; for (j = 0; j < 32; j++) v = v sprintf("%032d", i * 7919 + j)
			printf "SET key:%d %s\n", i * 31 % n, v } }' | ask >/dev/null
		ask BGSAVE >/dev/null
		awk -v n="$values" 'BEGIN { for (i = 0; i < n; i += 3) printf "APPEND key:%d more\n", i }' | ask >/dev/null
		eventually saved || fail "BGSAVE has not ended"
		digest
	}
	saved() {
		[[ $(ask INFO persistence) == *rdb_bgsave_in_progress:0* ]]
	}
	serve "$tmp/redis-plain"
	fill >"$tmp/plain"
	ask SHUTDOWN NOSAVE || true
	wait $server || fail "redis-server ended with $?"
	server=
	serve "$tmp/redis-paged" "$fmpager" --limit "$(by_length 8M 48M)" --stats "$tmp/stats" --quiet --
	fill >"$tmp/paged"
	cmp "$tmp/plain" "$tmp/paged" || fail "redis holds other data under the pager"
	ask SHUTDOWN NOSAVE || true
	wait $server || fail "redis-server under fmpager ended with $?"
	grep -q '"forks":[1-9]' "$tmp/stats" || fail "no BGSAVE under the pager: $(tail -n 1 "$tmp/stats")"
	grep -q '"pages_out":[1-9]' "$tmp/stats" || fail "redis: nothing left"
	serve "$tmp/redis-paged" # from its dump
	[[ $(ask DBSIZE) == "$values" ]] || fail "the dump of BGSAVE has $(ask DBSIZE) keys"
	ask SHUTDOWN NOSAVE || true
	wait $server || true
	server=
	echo "#| redis: $values values alike, a BGSAVE among them"
fi
