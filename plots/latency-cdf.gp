# SPDX-License-Identifier: GPL-2.0-or-later
# Latency of faults. Block 0: series, us, share, flagged.

eval page(5.6)
eval set_caption

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
set bmargin at screen at(0.9)
set key tmargin left Left reverse vertical

plot for [n = 0 : nr_series - 1] data index 0 using 2:(of_series(n, 'share')) \
		with lines lt n + 1 title label(n), \
	for [n = 0 : nr_series - 1] data index 0 using 2:(flagged(n, 'share')) \
		with points ls 100
