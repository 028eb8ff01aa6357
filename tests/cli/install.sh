#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# `make install` into a prefix, from which an ordinary user runs fmbench in another directory, with
# manual pages and completion; `make uninstall` leaves what was there before, and nothing else.
. "$(dirname "$0")/../lib.sh"
chmod 755 "$tmp"
mkdir -p "$tmp/usr/share/man/man1" "$tmp/user"
echo theirs >"$tmp/usr/share/man/man1/other.1"
(cd "$tmp/usr" && find . | sort) >"$tmp/before"

expect 0 make -s install DESTDIR="$tmp" PREFIX=/usr
bin=$tmp/usr/bin
[[ -x $bin/memserver && -x $tmp/usr/share/fmbench/lab/fmlab ]] || fail "no memserver or no lab"
grep -q '^ExecStart=/usr/bin/memserver ' "$tmp/usr/lib/systemd/system/memserver.service" ||
	fail "the unit starts another memserver"

as_user=()
if can_be_user; then
	chown nobody "$tmp/user"
	as_user=(setpriv --reuid nobody --regid nogroup --clear-groups)
fi
as_user+=(env -C / HOME="$tmp/user" FMBENCH_STATE_DIR="$tmp/user/state" FMBENCH_DB="$tmp/user/x.db")
expect 0 "${as_user[@]}" "$bin/fmbench" list
expect 0 "${as_user[@]}" "$bin/fmbench" help run
"${as_user[@]}" "$bin/fmbench" doctor >"$tmp/out" || [[ $? -eq 3 ]] || fail "doctor"
expect 0 "${as_user[@]}" "$bin/fmbench" sweep --dry-run --skip-missing page-cache
expect_run "${as_user[@]}" "$bin/fmbench" run null
FMBENCH_DB=$tmp/user/x.db sql "SELECT status FROM run" | grep -qE '^(ok|untrusted)$' || fail "no run"
expect 0 "${as_user[@]}" "$tmp/usr/share/fmbench/lab/fmlab" kernels

# Pages of every command; what each refers to is installed beside it.
for command in $("$bin/fmbench" --help | sed -n '/^Commands/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
	[[ -e $tmp/usr/share/man/man1/fmbench-$command.1 ]] || fail "no page of $command"
done
grep -q 'Fl \\-ratio' "$tmp/usr/share/man/man1/fmbench-run.1" || fail "no --ratio in fmbench-run(1)"
if command -v mandoc >/dev/null; then
	# mandoc looks for those in the system's own folders alone.
	mandoc -Tlint "$tmp"/usr/share/man/man?/{fmbench,fmpager,memserver}*.? |
		grep -v 'referenced manual not found' >"$tmp/lint" || true
	[[ ! -s $tmp/lint ]] || fail "$(<"$tmp/lint")"
fi
while read -r _ page _; do
	[[ -e $tmp/usr/share/man/man1/$page.1 ]] || fail "no page $page, which others refer to"
done < <(grep -h '^\.Xr ' "$tmp"/usr/share/man/man?/{fmbench,fmpager,memserver}*.?)

# typed WORDS: what an interactive bash makes of them when TAB is pressed.
typed() {
	printf '%s\n' ". $tmp/usr/share/bash-completion/completions/fmbench" \
		"false && $*"$'\t' exit |
		PATH=$bin:$PATH TERM=dumb FMBENCH_DB=$tmp/user/x.db \
			script -qc 'bash --norc --noprofile -i' /dev/null | tr -d '\r' |
		sed -n 's/^.*[#$] false && //p'
}
# completes WORDS TO
completes() {
	[[ $(typed "$1") == "$2" ]] || fail "'$1' becomes '$(typed "$1")', not '$2'"
}
completes 'fmbench swe' 'fmbench sweep '
completes 'fmbench plot slowd' 'fmbench plot slowdown '
completes 'fmbench run null --backend zram,swapf' 'fmbench run null --backend zram,swapfile '
completes 'fmbench run quicksort -o zram.alg' 'fmbench run quicksort -o zram.algorithm='
completes 'fmbench run --format=cs' 'fmbench run --format=csv '
completes 'fmbench sweep memaslap' 'fmbench sweep memaslap-ratio '
"$bin/fmbench" complete --db "$tmp/user/x.db" -- show '' | grep -q $'^1\tnull' || fail "no run 1 to show"

# Installed once more, and then gone.
expect 0 make -s install DESTDIR="$tmp" PREFIX=/usr
expect 0 make -s uninstall DESTDIR="$tmp" PREFIX=/usr
(cd "$tmp/usr" && find . | sort) | diff "$tmp/before" - || fail "not as it was before"
expect 2 make -s uninstall DESTDIR="$tmp" PREFIX=/usr
grep -q 'is PREFIX right' "$tmp/err" || fail "no word about PREFIX"
