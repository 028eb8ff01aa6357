#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# make check: build with gcc and clang, warnings being errors; run all tests: lint, units (also
# under ASan and UBSan), command line, lab. Last line: "N passed, N failed, N skipped".
#
#	setup/check.sh [all] [kernels]	all: the above (default); kernels: the modules' tests
#					on the lab's other kernels
set -uo pipefail
cd "$(dirname "$0")/.." || exit 2

[[ $# -gt 0 ]] || set -- all
setup/deps.sh || exit 3
jobs=$(nproc)
log=build/tests/log
mkdir -p "$log"
tests=()
shopt -s nullglob

# gcc 12 takes vsnprintf(NULL, 0, …) for an error once the sanitizers are on.
sanitize="-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer"
sanitize+=" -Wno-format-truncation -Wno-format-overflow"

# build NAME ARGS…: one build, its output shown only when it fails.
build() {
	local name=$1
	shift
	echo "# building: $name"
	if ! make -s -j"$jobs" "$@" >"$log/build-$name.log" 2>&1; then
		cat "$log/build-$name.log"
		echo "0 passed, 1 failed, 0 skipped"
		exit 1
	fi
}

# What runs on the lab's other kernels: where their interfaces differ from 6.1, which runs all but what it has
# not, what the newest one has a short form of, or the long form only. The long form runs all of the modules'
# tests on each. README.md of backend/fastswap has this as a table.
newest=7.3
not_on_6_1="devices devices-cut devices-foreign devices-kill devices-memory pager rdma-breaks tier"
declare -A on=(
	[5.10]="collectors v2-full fastswap-modules fastswap-contents fastswap-cycles fastswap-swapoff fastswap-inject rdma-refusals rdma-cut rdma-isolation"
	[6.12]="collectors fastswap-modules fastswap-contents fastswap-cycles fastswap-swapoff fastswap-inject rdma-refusals rdma-cut rdma-isolation devices devices-foreign"
	[7.2]="fastswap-contents fastswap-cycles rdma-refusals rdma-cut rdma-isolation"
	[7.3]="collectors fastswap-contents fastswap-cycles fastswap-heal rdma-refusals rdma-breaks rdma-cut rdma-isolation devices devices-cut devices-kill pager tier"
)
modules_tests=(tests/lab/collectors.sh tests/lab/v2-full.sh tests/lab/fastswap-*.sh tests/lab/rdma-*.sh tests/lab/devices*.sh tests/lab/pager.sh)

# has_guest KERNEL: QEMU is there (tests/run says if not), and so is the kernel. Suites drop kernels in time:
# tests that need one of those are skipped, with fmlab's sentence.
has_guest() {
	local skipped=build/tests/linux-$1

	command -v qemu-system-x86_64 >/dev/null || return 0
	if lab/fmlab fetch --headers "$1" >"$log/fetch-$1.log" 2>&1; then
		build "modules-$1" modules-lab KERNEL="$1"
		return
	fi
	printf '#!/bin/sh\ntail -n 1 %s\nexit 77\n' "$log/fetch-$1.log" >"$skipped"
	chmod +x "$skipped"
	tests+=("$skipped")
	return 1
}

# on_kernel KERNEL: add its tests.
on_kernel() {
	local name

	has_guest "$1" || return 0
	tests+=(--kernel "$1")
	if [[ ${FMBENCH_LONG-} ]]; then
		tests+=("${modules_tests[@]}")
		[[ $1 == 5.10 ]] || tests+=(tests/lab/tier.sh)
		return
	fi
	for name in ${on[$1]}; do
		tests+=("tests/lab/$name.sh")
	done
}

build gcc all unit bench-programs test-helpers lab-helpers
for what in "$@"; do
	case $what in
	all)
		build clang CC=clang B=build/clang all
		build asan B=build/asan CFLAGS="$sanitize" unit
		build fuzz fuzz-programs
		printf '#!/bin/sh\nexec make -s lint\n' >build/tests/lint
		chmod +x build/tests/lint
		tests+=(build/tests/lint build/tests/unit/test_* build/asan/tests/unit/test_*
			tests/cli/*.sh)
		if has_guest 6.1; then
			for name in tests/lab/*.sh; do
				[[ " $not_on_6_1 " == *" $(basename "$name" .sh) "* ]] || tests+=("$name")
			done
		fi
		on_kernel $newest
		;;
	kernels)
		for kernel in 5.10 6.12 7.2; do
			on_kernel "$kernel"
		done
		;;
	esac
done

exec tests/run "${tests[@]}"
