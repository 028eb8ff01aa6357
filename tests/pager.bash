# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What the tests of fmpager share. Source it after lib.sh: gives $fmpager, $torture and $chunks.
need_root
fmpager=$PWD/build/fmpager
torture=$PWD/build/tests/pager/torture
chunks=$PWD/build/tests/pager/chunks
[[ -x $fmpager && -x $torture && -x $chunks ]] || skip "not built: make pager test-helpers"
