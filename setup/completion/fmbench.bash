# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# bash completion of fmbench: fmbench itself says what may come next.

_fmbench() {
	local words word before=''
	# COMP_WORDS is split at '=' and ':', which a word of fmbench's may hold.
	read -ra words <<<"${COMP_LINE:0:COMP_POINT}"
	[[ ${COMP_LINE:COMP_POINT-1:1} != [[:blank:]] ]] || words+=('')
	# Readline replaces only what stands after the last of them.
	if [[ $COMP_WORDBREAKS == *=* ]]; then
		before=${words[-1]%"${words[-1]##*[=:]}"}
	fi
	COMPREPLY=()
	while IFS=$'\t' read -r word _; do
		if [[ $word == :file ]]; then
			compopt -o default
		else
			COMPREPLY+=("${word#"$before"}")
		fi
	done < <("${words[0]/#\~/$HOME}" complete -- "${words[@]:1}" 2>/dev/null)
	[[ ${COMPREPLY-} != *[=,] ]] || compopt -o nospace
}
complete -F _fmbench fmbench
