# SPDX-License-Identifier: GPL-2.0-or-later
#
# Prints what in a guest's kernel log (its serial console) says that the kernel
# is not well: each finding from its first line to the end of its trace.
# Memory-cgroup kills are a limit at work; a system-wide one is a finding.

function is_finding(text)
{
	return text ~ /^(WARNING: |BUG: |kernel BUG at |Oops: |Kernel panic |UBSAN: |Internal error)/ ||
	       text ~ /^(general protection fault|invalid opcode|divide error|double fault)/ ||
	       text ~ /^watchdog: (BUG|Watchdog detected hard LOCKUP)/ ||
	       text ~ /^(NMI watchdog|rcu|INFO): .*(LOCKUP|detected .*stall|blocked for more than)/ ||
	       text ~ /^(list_add|list_del) corruption/ ||
	       text ~ /^Out of memory/ ||
	       text ~ /^fmlab: /
}

{
	sub(/\r$/, "")
	text = $0
	sub(/^\[ *[0-9]+\.[0-9]+\] */, "", text)
	sub(/^------------\[ cut here \]------------$/, "", text)
	if (is_finding(text))
		lines_left = 40
	if (lines_left-- > 0)
		print
	if (text ~ /^---\[ end (trace|Kernel panic)/)
		lines_left = 0
}
