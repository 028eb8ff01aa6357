#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# fmlab's command line: what is refused, and with which status. Boots nothing.
# shellcheck disable=SC2016 # the guest expands what is quoted here
set -euo pipefail
# shellcheck source=tests/fmlab.sh
. "$(dirname "$0")/../fmlab.sh"

# refuses STATUS PATTERN ARGUMENT…
refuses() {
	local status=0
	lab/fmlab "${@:3}" >"$scratch/out" 2>"$scratch/err" || status=$?
	[[ $status -eq $1 ]] && err_has "$2"
}

check "help goes to stdout" eval 'lab/fmlab --help | grep -q "^usage: fmlab run"'
check "a call without arguments is usage" refuses 2 'usage: fmlab'
check "an unknown option" refuses 2 'no option --frobnicate' run --frobnicate true
check "an unknown kernel names those that are" refuses 2 'take one of 6.1 5.10 6.12' \
	run --kernel 2.4 true
check "no command" refuses 2 'no command' run --cpus 2
check "an option without its value" refuses 2 '--cpus needs a value' run --cpus
check "cpus as a word" refuses 2 'whole number' run --cpus two true
check "memory without a unit" refuses 2 '512M or 4G' run --mem 2048 true
check "a disk without a unit" refuses 2 'disk 5: give it as 512M or 4G' run --disk 5 true
check "CPUs that cannot be split" refuses 2 'cannot be split' run --cpus 3 --numa 2 true
check "a tier alone" refuses 2 'of the fast node and of the slow ones' run --tiers 1G true
check "a slow node as fast as the fast one" refuses 2 'the slow one needs more' \
	run --tiers 1G,2G,100ns true
check "tiers beside memory" refuses 2 'leave out --mem and --numa' run --tiers 1G,2G --mem 2G true
check "a cable without its end" refuses 2 'a directory .* and an end' run --cable build/cable true
check "a cable's third end" refuses 2 'a directory .* and an end' run --cable build/cable:3 true
check "a cable with a path too long for a socket" refuses 2 'a short path' \
	run --cable "$(printf '%0106d' 0):1" true
check "exact with CPUs" refuses 2 'one CPU' run --exact --cpus 2 true
check "exact with KVM" refuses 2 'needs emulation' run --exact --accel kvm true
check "exact with CPUs in parallel" refuses 2 'one CPU' run --exact --parallel true
check "cgroup version" refuses 2 'v2, v1 or hybrid' run --cgroup v3 true
check "a path of a kernel that is not here" refuses 3 'fmlab fetch 2.4' path 2.4 image
check "kernels lists the default first" \
	eval 'lab/fmlab kernels | awk "NR == 2 && \$1 == \"6.1\" { found = 1 } END { exit !found }"'

# A search path with everything but QEMU: fmlab itself adds only the sbin directories.
mkdir "$scratch/bin"
for dir in /usr/bin /bin; do
	for tool in "$dir"/*; do
		[[ $tool == */qemu-* ]] || ln -sf "$tool" "$scratch/bin/"
	done
done
check "a missing QEMU that can't be fetched is named with its package" \
	env PATH="$scratch/bin" FMLAB_CACHE="$scratch/cache" FMLAB_MIRROR=file:///nowhere bash -c '! command -v qemu-system-x86_64 &&
		{ lab/fmlab run true 2>&1 || [[ $? == 3 ]]; } | grep -q "install the Debian package qemu-system-x86"'

# This machine's QEMU, as if it were old: it serves where no newer one can be had, and that is said.
cat >"$scratch/bin/qemu-system-x86_64" <<'END'
#!/bin/sh
echo "QEMU emulator version 7.2.22"
END
chmod +x "$scratch/bin/qemu-system-x86_64"
rm -rf "$scratch/cache"
check "an old QEMU is taken where no newer one can be fetched, which is said" \
	env PATH="$scratch/bin" FMLAB_CACHE="$scratch/cache" FMLAB_MIRROR=file:///nowhere bash -c '
		{ lab/fmlab run true 2>&1 || [[ $? == 3 ]]; } | grep "no QEMU 10 .*taking this machine.s 7"'
end_checks
