#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A kernel that changed what a hook intercepts refuses to build it, in words. Prints TAP.
cd "$(dirname "$0")/../.." || exit 1

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
number=0 failed=0

# changes KERNEL HEADER SED WORDS: built against KERNEL with HEADER changed by SED, the modules' build
# ends with WORDS.
changes() {
	local headers common out=$scratch/out
	number=$((number + 1))
	headers=$(lab/fmlab path "$1" headers)
	if [[ ! -d $headers ]]; then
		echo "ok $number - $1: $4 # SKIP no headers: lab/fmlab fetch --headers $1"
		return
	fi
	# Where what all flavours of a Debian kernel share is.
	common=$(grep -o 'linux-headers-.*-common' "$headers/Makefile")
	common=$headers/../$common
	rm -rf "$out" && mkdir "$out"
	sed "$3" "$common/include/linux/$2" >"$out/changed.h"
	if cmp -s "$common/include/linux/$2" "$out/changed.h"; then
		echo "not ok $number - $1: $4: nothing was changed"
	elif KCFLAGS="-include $out/changed.h" backend/fastswap/build.sh "$headers" "$out" \
		"$(awk -v kernel="$1" '$1 == kernel { print $2 }' lab/kernels)" \
		"$(lab/fmlab path "$1" cache)" >"$out/log" 2>&1; then
		echo "not ok $number - $1: $4: it builds"
	elif ! grep -q "error: static assertion failed: \"this kernel has another $4 than the hook" \
		"$out/log"; then
		echo "not ok $number - $1: $4: another message"
		grep -e error "$out/log" | head -n 5 | sed 's/^/# /'
	else
		echo "ok $number - $1: $4"
		return
	fi
	failed=1
}

changes 6.1 frontswap.h 's/int (\*load)(unsigned,/bool (*load)(unsigned,/' frontswap_ops.load
changes 6.12 zswap.h 's/^bool zswap_load(struct folio/int zswap_load(struct folio/' \
	'zswap_load()'
changes 6.12 zswap.h 's/^int zswap_swapon(int type, unsigned long/int zswap_swapon(int type, int/' \
	'zswap_swapon()'
changes 7.3 zswap.h 's/^int zswap_load(struct folio/bool zswap_load(struct folio/' \
	'zswap_load()'
changes 7.3 swap_ops.h 's/void (\*submit_read)(struct swap_io_ctx \*ctx)/void (*submit_read)(struct swap_iocb *ctx)/' \
	swap_ops.submit_read
exit "$failed"
