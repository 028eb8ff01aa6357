#!/bin/bash
# lab: --rdma --cpus 2 --mem 2G --numa 2
# lab-5.10: --cpus 2 --mem 2G
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Pages that could not be loaded are found again as soon as the pool serves, whoever asked for them, and
# whatever they were asked for with.

# shellcheck disable=SC2317 # functions are called by way of ok
# shellcheck source=tests/lab/fastswap.bash
. "$(dirname "$0")/fastswap.bash" || exit 1

failed_more_than() {
	(($(stat_of failed_loads) > $1))
}

is_healed() {
	(($(stat_of unhealed) == 0))
}

# While one load in three fails, so do windows of read-ahead, with pages that were read well.
found_again() {
	local status=0
	start_checking "$pagecheck" --mib 2 --threads 2 --again
	eventually loads_more_than 100 || return
	echo load_fail:3 >"$parameters/inject"
	eventually failed_more_than 100 || status=1
	echo none >"$parameters/inject"
	((status == 0)) && eventually is_healed || return
	# The last round is one that began after that.
	eventually loads_more_than $(($(loads) + 1024)) || return
	exits 0 end_checking
}

for hook in $(page_hooks) none; do
	ok "up $hook, windows" up "$hook" async_readahead=1
	ok "$hook: pages of windows in which loads failed are found again" found_again
	leave_checking
	ok "$hook: down" down
done
finish
