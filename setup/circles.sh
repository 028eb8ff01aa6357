#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Print every circle among source files: files that include or call each other in a loop. A .c and the
# .h of its name are one file here. Calls are read from object files, so build first.
#
#	setup/circles.sh OBJECT_DIR			build/obj, or build/lab/6.1/fastswap for kernel modules
set -euo pipefail
cd "$(dirname "$0")/.."

# Kernel modules are built from a copy of their sources, in src.
source_of() {
	local source=${1%.o}
	echo "${source/#src\//backend/fastswap/}"
}

# "USER DEFINER" for every symbol that one object takes from another.
calls() {
	local source
	find "$1" -name '*.o' -printf '%P\n' | while read -r object; do
		source=$(source_of "$object")
		[[ -f $source.c ]] || continue # the source is gone, or the object links several
		nm -g "$1/$object" 2>/dev/null | awk -v file="$source" \
			'NF == 3 { print "defines", $3, file } $1 == "U" { print "uses", $2, file }'
	done | awk '$1 == "defines" { where[$2] = $3 } $1 == "uses" { use[NR] = $2; by[NR] = $3 }
		END { for (n in use) if (use[n] in where) print by[n], where[use[n]] }'
}

# "USER INCLUDED"; an include without a folder is of the same folder.
includes() {
	git ls-files '*.c' '*.h' ':!tests' ':!bench' | xargs grep -HE '^#include "' |
		sed -E 's/^([^:]*)\.[ch]:#include "([^"]*)\.h".*/\1 \2/' |
		awk '{ folder = $1; sub("/[^/]*$", "", folder)
			print $1, $2 ~ "/" ? $2 : folder "/" $2 }'
}

{ calls "$1" && includes; } | awk '$1 != $2' | sort -u | tsort 2>&1 >/dev/null | sed 's/^tsort: //' || true
