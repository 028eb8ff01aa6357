# SPDX-License-Identifier: GPL-2.0-or-later
# Faults per second over cores. Blocks: 0 series, x, median, low, high, flagged (thousands a second);
# 1, where there are published curves: curve, x, y.

eval page((nr_overlays ? 5.8 : 4.9) + 0.3 * key_lines)
eval set_caption
eval set_title

stats data index 0 using 'x' name 'of' nooutput
last = of_max
if (nr_overlays) { stats data index 1 using 'x' name 'over' nooutput; last = over_max > last ? over_max : last }
set xrange [0.5:last + 0.5]
set yrange [0:*]
step = last > 16 ? 4 : 1
set xtics step
set xlabel 'cores' offset 0, 0.5
set ylabel 'faults per second (thousands)' offset 1.2
set lmargin 8
set rmargin 1
set bmargin at screen at(0.9)
eval set_key('tmargin left Left reverse vertical')

plot for [n = 0 : nr_series - 1] data index 0 \
		using 2:(of_series(n, 'median')):(of_series(n, 'low')):(of_series(n, 'high')) \
		with yerrorlines lt n + 1 title label(n), \
	for [n = 0 : nr_series - 1] data index 0 using 2:(flagged(n, 'median')) \
		with points ls 100, \
	for [n = 0 : nr_overlays - 1] data index 1 using 'x':(of_overlay(n)) \
		with lines lc rgb pale lw 0.8 dt dash(n) title overlay_label(n)
