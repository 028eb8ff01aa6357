# SPDX-License-Identifier: GPL-2.0-or-later
# Compiled in by EMBED (base/embed.h): the assembler leaves no dependency behind.
$B/obj/results/report.o: results/report.css
