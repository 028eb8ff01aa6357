#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# make install, make uninstall. Takes DESTDIR, PREFIX and B (what was built) from the environment, and
# UNIT_DIR, ZSH_DIR: where systemd's units and zsh's completion go, from PREFIX. What was brought, files and new directories, is listed in
# PREFIX/share/fmbench/installed; uninstall removes exactly that.
set -euo pipefail
cd "$(dirname "$0")/.."

root=${DESTDIR-}$PREFIX
share=share/fmbench
list=$root/$share/installed
unit_dir=${UNIT_DIR:-lib/systemd/system}
zsh_dir=${ZSH_DIR:-share/zsh/site-functions}
brought=()

# need_dir DIR, relative to the prefix as all paths here.
need_dir() {
	[[ ! -d $root/$1 ]] || return 0
	[[ $1 != */* ]] || need_dir "${1%/*}"
	install -d -m 755 "$root/$1"
	brought+=("$1/")
}

# put MODE FILE PLACE
put() {
	need_dir "${3%/*}"
	install -m "$1" "$2" "$root/$3"
	brought+=("$3")
}

# put_sources FILE…: below share/fmbench as in the tree; programs stay programs.
put_sources() {
	local file mode
	for file; do
		[[ -f $file ]] || continue
		mode=644
		[[ ! -x $file ]] || mode=755
		put $mode "$file" "$share/$file"
	done
}

bring() {
	local file
	need_dir $share
	put 755 "$B/fmbench" bin/fmbench
	put 755 "$B/memserver" bin/memserver
	put 755 "$B/fmbench-blockserver" lib/fmbench/fmbench-blockserver
	put 755 "$B/fmpager" bin/fmpager
	put 755 "$B/libfmpager.so" lib/fmbench/libfmpager.so
	for file in "$B"/man/*.[18]; do
		put 644 "$file" "share/man/man${file##*.}/${file##*/}"
	done
	put 644 setup/completion/fmbench.bash share/bash-completion/completions/fmbench
	put 644 setup/completion/_fmbench "$zsh_dir/_fmbench"
	put 644 setup/completion/fmbench.fish share/fish/vendor_completions.d/fmbench.fish
	sed "s|/usr/local/bin/|$PREFIX/bin/|" backend/memserver/memserver.service >"$B/memserver.service"
	put 644 "$B/memserver.service" "$unit_dir/memserver.service"
	for file in README.md LICENSE doc/*.md examples/*; do
		put 644 "$file" "share/doc/fmbench/$file"
	done
	# The lab, and the sources of what it builds for its guest.
	put_sources Makefile lab/* lab/guest/* backend/fastswap/* backend/memserver/* backend/pager/* base/*.[ch]
	put_sources experiments/*.{ini,md} experiments/*/*.{ini,md} units/* units/*/*
	put_sources plots/published/*
	if [[ -e $list ]]; then
		mapfile -t -O ${#brought[@]} brought <"$list"
	fi
	printf '%s\n' "${brought[@]}" | sort -u >"$list.new"
	mv "$list.new" "$list"
}

remove() {
	local path
	[[ -e $list ]] || {
		echo "make uninstall: no list of installed files at $list: is PREFIX right?" >&2
		exit 3
	}
	mapfile -t brought < <(sort -r "$list")
	rm "$list"
	# Reverse order: a directory comes after what is in it, and stays if others put something there.
	for path in "${brought[@]}"; do
		if [[ $path == */ ]]; then
			rmdir "$root/$path" 2>/dev/null || true
		else
			rm -f "$root/$path"
		fi
	done
}

case ${1-} in
install) bring ;;
uninstall) remove ;;
*) exit 2 ;;
esac
