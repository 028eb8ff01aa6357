# SPDX-License-Identifier: GPL-2.0-or-later
# fish completion of fmbench: fmbench itself says what may come next.

function __fmbench_complete
	set -l words (commandline -opc)
	set -l program $words[1]
	set -e words[1]
	set -l current (commandline -ct)
	for line in ($program complete -- $words "$current" 2>/dev/null)
		if test "$line" = :file
			__fish_complete_path "$current"
		else
			echo $line
		end
	end
end

complete -c fmbench -f -a '(__fmbench_complete)'
