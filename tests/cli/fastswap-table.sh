#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# README.md of the modules tells which hooks a kernel has, and what is run on it: as Kbuild builds, and as
# setup/check.sh runs. Prints TAP.
cd "$(dirname "$0")/../.." || exit 1

number=0 failed=0

# same KERNEL WHAT README TRUTH
same() {
	number=$((number + 1))
	if [[ $3 == "$4" ]]; then
		echo "ok $number - $1: $2"
		return
	fi
	echo "not ok $number - $1: $2"
	echo "# the README says \"$3\", but it is \"$4\""
	failed=1
}

# As the README writes it.
# shellcheck disable=SC2016 # backquotes of Markdown
hooks_built() {
	local words
	read -ra words < <(make -s -f - VERSION="${1%.*}" PATCHLEVEL="${1#*.}" \
		srctree="$(common_headers "$1")" show <<-'EOF'
			include backend/fastswap/Kbuild
			show: ; @echo $(hook) $(filter zswap_%,$(variant)) $(if $(swap_ops),swap_ops)
		EOF
	)
	printf '`%s`' "${words[0]//_/-}"
	[[ ${words[1]-} != zswap_* ]] || printf ' by `%s.c`' "${words[1]}"
	[[ ${words[-1]} != swap_ops ]] || printf ', `swap_ops`'
}

common_headers() {
	local headers
	headers=$(lab/fmlab path "$1" headers 2>/dev/null) || return
	realpath "$headers/../$(grep -o 'linux-headers-.*-common' "$headers/Makefile" | head -n 1)"
}

newest=$(sed -n 's/^newest=//p' setup/check.sh)
others=" $(sed -n 's/^\t\tfor kernel in \(.*\); do$/\1/p' setup/check.sh) "

# run_on KERNEL: its list, as the README writes it.
run_on() {
	local list
	list=$(sed -n "s/^\t\[$1\]=\"\(.*\)\"$/\1/p" setup/check.sh)
	echo "${list// /, }"
}

# run_in_check KERNEL
run_in_check() {
	case $1 in
	6.1) echo "all but $(sed -n 's/^not_on_6_1="\(.*\)"$/\1/; T; s/ /, /gp' setup/check.sh)" ;;
	"$newest") run_on "$1" ;;
	*) echo - ;;
	esac
}

run_in_check_kernels() {
	[[ $others == *" $1 "* ]] && run_on "$1" || echo -
}

while IFS='|' read -r _ kernel hooks in_check in_kernels _; do
	read -r kernel <<<"$kernel"
	read -r hooks <<<"$hooks"
	read -r in_check <<<"$in_check"
	read -r in_kernels <<<"$in_kernels"
	if [[ $hooks == *swap_ops* && -z $(common_headers "$kernel") ]]; then
		echo "ok $((++number)) - $kernel: hooks # SKIP no headers: lab/fmlab fetch --headers $kernel"
	else
		same "$kernel" hooks "$hooks" "$(hooks_built "$kernel")"
	fi
	same "$kernel" "run in make check" "$in_check" "$(run_in_check "$kernel")"
	same "$kernel" "run in make check-kernels" "$in_kernels" "$(run_in_check_kernels "$kernel")"
done < <(sed -n '/^| kernel | hooks |/,/^$/p' backend/fastswap/README.md | grep -E '^\| [0-9]')
((number >= 12)) || { echo "not ok $((++number)) - the table is there"; failed=1; }
exit "$failed"
