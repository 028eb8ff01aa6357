# SPDX-License-Identifier: GPL-2.0-or-later
# Latency of faults. Block 0: series, us, share. Variables: nr_series, labels (tab-separated).

eval terminal(5.6)

# label(n): the nth of `labels`, from 0.
split(text, n) = n == 0 ? text[1 : strstrt(text."\t", "\t") - 1] : \
	split(text[strstrt(text, "\t") + 1 : *], n - 1)
label(n) = split(labels, n)

of_series(n, col) = column('series') == n ? column(col) : NaN

# The slowest thousandth would squeeze all else: the axis ends where every series is at 99.9 %.
of_max = 1.
stats data index 0 using (column('share') <= 0.999 ? column('us') : NaN) name 'of' nooutput
set logscale x
set xrange [*:of_max * 1.3]
set yrange [0:1]
set ytics 0.25
set grid xtics lc rgb 0xd8d8d8 lw 0.4 dt solid
set xlabel 'latency of one touch (us)' offset 0, 0.5
set ylabel 'share of faults' offset 1.2
set lmargin 8
set rmargin 2
set key tmargin left Left reverse vertical

plot for [n = 0 : nr_series - 1] data index 0 using 2:(of_series(n, 'share')) \
	with lines lt n + 1 title label(n)
