#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# make lint: what a reviewer would say, said by a machine. Arguments: C files, shell files.
# Prints TAP for tests/run.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 2
read -ra c_files <<<"$1"
read -ra shell_files <<<"$2"
number=0 bad=0

# report NAME FINDINGS: no findings is a pass.
report() {
	number=$((number + 1))
	if [[ -z $2 ]]; then
		echo "ok $number - $1"
	else
		bad=1
		echo "not ok $number - $1"
		echo "# ${2//$'\n'/$'\n'# }"
	fi
}

# layered DIRS ALLOWED: files in DIRS include only headers of their own folder and of ALLOWED.
layered() {
	local dir
	for dir in $1; do
		grep -nE '#include "[a-z]' "$dir"/*.[ch] |
			grep -vE "#include \"($dir(/pager)?|$2)/[a-z_0-9]+\\.h\"" |
			grep -vE ':[0-9]+:#include "[a-z_0-9]+\.h"'
	done
}

report 'layout: clang-format' "$(clang-format --dry-run -Werror "${c_files[@]}" 2>&1 | head -n 20)"
report 'shell: shellcheck' "$(shellcheck -x -e SC1091,SC2154 "${shell_files[@]}" 2>&1 | head -n 30)"
units='base|workloads|micro|collectors|backend|results|plots'
report 'layers: base includes nothing else' "$(layered base base)"
report 'layers: units include base and themselves' \
	"$(layered 'workloads collectors backend results plots' base)"
report 'layers: a micro-benchmark is a workload of ours' "$(layered micro 'base|workloads')"
report 'layers: harness/group includes units' "$(layered harness/group "$units")"
report 'layers: harness/policy includes base' "$(layered harness/policy base)"
report 'layers: harness/run includes group, policy and units' \
	"$(layered harness/run "harness/group|harness/policy|$units")"
report 'layers: harness/plan includes run and below' \
	"$(layered harness/plan "harness/run|harness/policy|harness/group|$units")"
report 'layers: harness/doctor includes run and below' \
	"$(layered harness/doctor "harness/run|harness/group|$units")"
report 'layers: main.c is the only file directly in harness/' \
	"$(git ls-files 'harness/*' | grep -vE '^harness/(main\.c$|[a-z]+/)')"
report 'layers: no circle between files, by include or by call' "$(setup/circles.sh build/obj; setup/circles.sh build/pic)"
for modules in build/lab/*/fastswap; do
	[[ ! -d $modules ]] ||
		report "layers: no circle in $modules" "$(setup/circles.sh "$modules")"
done
report 'layers: SQLite in results/, and in base/json.c for JSON' \
	"$(git grep -nE 'sqlite3_|sqlite3\.h' -- '*.c' '*.h' ':!results' ':!base/json.c' ':!tests' ':!bench')"
report 'layers: swapon in backend/ only' \
	"$(git grep -nE '\bswap(on|off)\(' -- '*.c' '*.h' ':!backend' ':!tests')"
report 'modules: coccinelle, setup/modules.cocci' "$(setup/coccinelle.sh backend/fastswap/*.c 2>&1)"
report 'no shell from C' "$(git grep -nE '\b(system|popen)\(' -- '*.c' '*.h' ':!tests')"
report 'nothing unfinished' \
	"$(git grep -nIE '\b(TODO|FIXME|XXX|HACK|not implemented)\b' -- . ':!setup/lint.sh' ':!LICENSE')"
# Both sides, sorted, one a line.
flags_in_code() {
	git grep -hA2 -E '(results|worker)_flag\(' -- '*.c' ':!tests' |
		grep -oE '"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*"' | tr -d '"' | sort -u
}
flags_in_readme() {
	# shellcheck disable=SC2016 # backquotes of Markdown
	sed -n '/^## Trust/,/^## The house/p' README.md |
		grep -oE '`[A-Z][A-Z0-9]+(_[A-Z0-9]+)*`' | tr -d '`' | sort -u
}
report 'README: explains every flag, and no other' "$(diff <(flags_in_code) <(flags_in_readme))"
report 'every file has its license line' \
	"$(git ls-files '*.c' '*.h' '*.sh' '*.gp' '*.sql' | xargs -r grep -L SPDX-License-Identifier)"
exit "$bad"
