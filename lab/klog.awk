# SPDX-License-Identifier: GPL-2.0-or-later
#
# Prints what in a guest's kernel log (its serial console) says that the kernel
# is not well: the first findings each to the end of its trace, of later ones
# the first line. A kill in a memory cgroup is a limit at work and no finding, one
# for the whole machine is.

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
	if (is_finding(text))
		lines_left = ++findings <= 3 && text !~ /^Out of memory/ ? 80 : 1
	if (lines_left-- > 0)
		print
	if (text ~ /^---\[ end (trace|Kernel panic)/)
		lines_left = 0
}
