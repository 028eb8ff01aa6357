#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# guests: --cpus 2
# A kernel that is not well fails the run, however the command ended: a real warning, a real
# oops and a real panic.
# shellcheck disable=SC2016 # the guest expands what is quoted here
set -euo pipefail
# shellcheck source=tests/fmlab.sh
. "$(dirname "$0")/../fmlab.sh"
need_guest --headers 6.1

cat >"$scratch/Makefile" <<'EOF'
obj-m := unwell.o
EOF
cat >"$scratch/unwell.c" <<'EOF'
// SPDX-License-Identifier: GPL-2.0
#include <linux/module.h>

static bool oops;
module_param(oops, bool, 0);

static int __init unwell_init(void)
{
	WARN_ON(!oops);
	if (oops)
		*(volatile int *)8 = 1;
	return 0;
}
module_init(unwell_init);

static void __exit unwell_exit(void)
{
}
module_exit(unwell_exit);
MODULE_LICENSE("GPL");
EOF
if ! make -s -C "$(lab/fmlab path 6.1 headers)" M="$scratch" CC=gcc modules >"$scratch/make" 2>&1; then
	cat "$scratch/make"
	exit 1
fi

guest -- sh -c 'insmod "$0" && echo loaded; echo f >/proc/sysrq-trigger; sleep 1; exit 0' \
	"$scratch/unwell.ko"
check "a WARNING fails a command that succeeded" ended 7
check "whose output came through" out_has '^loaded$'
check "and whose warning is shown with its trace" \
	eval 'err_has "WARNING: .*unwell_init" && err_has "end trace"'
check "a kill for want of memory is shown, too" err_has 'Out of memory: Killed process'
((failures == 0)) || cat "$scratch/err"

guest -- sh -c 'echo before; insmod "$0" oops=1; sleep 1000' "$scratch/unwell.ko"
check "an oops ends the guest" ended 7
check "and is shown" err_has 'BUG: kernel NULL pointer dereference'

# A line is on the host once the guest's shared directory has it.
guest -- sh -c 'echo before; until [ -s /run/fmlab/stdout ]; do sleep 0.1; done; echo c >/proc/sysrq-trigger; sleep 1000'
check "a panic is a failure" ended 7
check "is called one" err_has '^fmlab: kernel 6.1 panicked in the guest'
check "what the command wrote before is not lost" out_has '^before$'
end_checks
