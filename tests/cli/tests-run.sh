#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tests/run itself, in a tree of small tests, with a guest that is played by this machine: what is
# counted how, what a guest that broke down in the middle of a test has run anew, and the last line.
# shellcheck disable=SC2016 # the tests expand what is quoted here
. "$(dirname "$0")/../lib.sh"

mkdir -p "$tmp"/tree/{lab,bin,tests/cli,tests/lab}
cp tests/run "$tmp/tree/tests"
cp lab/klog.awk "$tmp/tree/lab"
ln -s /bin/true "$tmp/tree/bin/qemu-system-x86_64"
export PATH=$tmp/tree/bin:$PATH
cd "$tmp/tree" || exit 1
cat >lab/fmlab <<'END'
#!/bin/bash
while [[ $1 != -- ]]; do
	[[ $1 != --out ]] || export FMLAB_OUT=$2
	[[ $1 != --timeout ]] || limit=$2
	shift
done
export FMLAB=1 FMLAB_KMSG=$FMLAB_OUT/kernel.log
echo boot >>boots
timeout "$limit" "${@:2}" &
echo $! >guest
wait $!
status=$?
cat warning >>"$FMLAB_KMSG" 2>/dev/null && rm warning && exit 7
exit $status
END

# test_that PATH: its text is on stdin.
test_that() {
	{ echo '#!/bin/bash'; cat; } >"$1"
	chmod +x "$1" lab/fmlab
}
first='[[ -e $0.ran ]] || { touch "$0.ran"; exit 1; }'
test_that tests/cli/good.sh <<<'exit 0'
test_that tests/cli/bad.sh <<<'echo because; exit 1'
test_that tests/cli/skip.sh <<<'echo why; exit 77'
test_that tests/cli/tap.sh <<<'printf "ok 1 - a\nok 2 - b # SKIP c\n"'
for i in 1 2 3; do
	test_that tests/cli/second$i.sh <<<"$first"
done
# A caller that is deaf to these must not make the tests so.
test_that tests/cli/signals.sh <<-'END'
	sh -c 'kill -PIPE $$; exit 1'
	[[ $? -eq 141 ]] && ! nohup_has HUP
END
test_that bin/nohup_has <<<'(($(awk "/^SigIgn/ { print \"0x\" \$2 }" /proc/self/status) & 1))'
for i in 1 3; do
	test_that tests/lab/$i.sh <<<'echo "ok 1 - a"'
done
# The guest dies under its first call.
test_that tests/lab/2.sh <<<'[[ -e 2.ran ]] || { touch 2.ran; kill -KILL $(<guest); sleep 5; }; echo "ok 1 - a"'
test_that tests/lab/4.sh <<<'[[ -e 4.ran ]] || echo "WARNING: CPU: 1 PID: 2 at mm/x.c:3" >warning; touch 4.ran'

# says STATUS LAST_LINE ARGUMENTS…
says() {
	expect "$1" tests/run "${@:3}"
	[[ $(tail -n 1 "$tmp/out") == "$2" ]] || fail "not '$2' but: $(<"$tmp/out")"
}
says 0 '3 passed, 0 failed, 2 skipped' tests/cli/{good,skip,tap}.sh tests/cli/good.sh
says 1 '1 passed, 1 failed, 0 skipped' tests/cli/{bad,good}.sh
[[ $(tail -n 3 "$tmp/out") == "# cli/bad.sh failed:"$'\n'"# because"$'\n'* ]] || fail "the end does not say why: $(<"$tmp/out")"
says 0 '1 passed, 0 failed, 0 skipped' tests/cli/{good,second1,second2}.sh
tail -n 2 "$tmp/out" | grep -q '^# passed only when run again:.*cli/second1.sh;' ||
	fail "a test that passed at its second try is not named: $(<"$tmp/out")"
rm tests/cli/*.ran
says 1 '1 passed, 1 failed, 0 skipped' tests/cli/{good,second1,second2,second3}.sh
(trap '' HUP PIPE && says 0 '1 passed, 0 failed, 0 skipped' tests/cli/signals.sh)

says 0 '3 passed, 0 failed, 0 skipped' tests/cli/good.sh tests/lab/{1,2,3}.sh
[[ $(wc -l <boots) -eq 2 ]] || fail "not two boots"
grep -q '^# passed only when run again: lab/2.sh in lab 6.1' "$tmp/out" || fail "not told: $(<"$tmp/out")"
[[ $(grep -c '^ok .*lab/1.sh: a$' "$tmp/out") -eq 1 ]] || fail "what had passed was run again"
# A warning of the kernel's, under one of two tests.
says 0 '1 passed, 0 failed, 0 skipped' tests/lab/{1,4}.sh
grep -q '^# passed only when run again: lab/4.sh in lab 6.1' "$tmp/out" || fail "not told: $(<"$tmp/out")"

# What fails in a guest is told with what it said, and not with what the next one said.
test_that tests/lab/6.sh <<<'echo because; exit 1'
says 1 '1 passed, 1 failed, 0 skipped' tests/lab/{6,1}.sh
tail -n 6 "$tmp/out" | grep -A1 '^# not ok .*lab/6.sh' | grep -q '^# because$' || fail "not told: $(<"$tmp/out")"

# Tests that boot guests themselves are counted as others are.
test_that tests/cli/boots.sh <<<$'# guests: --cpus 2\n[[ $FMBENCH_TESTS_INNER ]]'
says 1 '2 passed, 1 failed, 0 skipped' tests/cli/{boots,good,bad}.sh
grep -q '^ok [0-9]* - cli/boots.sh$' "$tmp/out" || fail "not counted: $(<"$tmp/out")"

# A test that hangs is ended, told, and not run again; what the deadline cuts is a failure, too.
test_that tests/cli/hangs.sh <<<'echo x >>hangs; sleep 600'
FMBENCH_TEST_TIMEOUT=1 says 1 '1 passed, 1 failed, 0 skipped' tests/cli/{hangs,good}.sh
[[ $(wc -l <hangs) -eq 1 ]] || fail "a test that hangs is run again"
grep -q '^# ended after 1 s$' "$tmp/out" || fail "not told: $(<"$tmp/out")"
grep -q '^# .* sleep 600$' "$tmp/out" || fail "what ran is not told: $(<"$tmp/out")"
FMBENCH_DEADLINE=$((EPOCHSECONDS + 2)) says 1 '0 passed, 2 failed, 0 skipped' tests/cli/{hangs,good}.sh
test_that tests/lab/5.sh <<<'sleep 600'
FMBENCH_DEADLINE=$((EPOCHSECONDS + 2)) says 1 '1 passed, 1 failed, 0 skipped' tests/cli/good.sh tests/lab/5.sh

# What a test that is no more left behind is undone by its journal; a living one's is not.
mkdir -p build left/fmbench-test-{$$,999999999}.x/state/journal
touch left/fmbench-test-{$$,999999999}.x/state/journal/a.journal
test_that build/fmbench <<<'echo "$FMBENCH_STATE_DIR" >>undone'
chmod +x build/fmbench
TMPDIR=left says 0 '1 passed, 0 failed, 0 skipped' tests/cli/good.sh
[[ $(<undone) == left/fmbench-test-999999999.x/state && -e left/fmbench-test-$$.x ]] ||
	fail "undone: $(<undone)"
