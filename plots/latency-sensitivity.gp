# SPDX-License-Identifier: GPL-2.0-or-later
# Slowdown, or another number, over the latency of far memory. Blocks: 0 repeats (series, x in
# microseconds, y, flagged), 1 medians (series, x, y). Variables: normalised (1: ratio 1's median is 1),
# bottom and top (of y), y_label.

eval page(4.6 + 0.35 * key_lines)
eval set_caption
eval set_title

set logscale x 10
set xrange [0.8:*]
set xtics ('0' 1, '10' 10, '100' 100, '1000' 1000, '10000' 10000)
set xlabel 'latency of far memory (µs)' offset 0, 0.5
eval set_y_axis(bottom, top, normalised)
set label 1 y_label at screen y_title, graph 0.5 center rotate
set lmargin at screen left_cm / width_cm
set rmargin at screen 1 - 0.4 / width_cm
set bmargin at screen at(0.9)
eval set_key('tmargin left Left reverse horizontal')
if (normalised) { set arrow 1 from graph 0, first 1 to graph 1, first 1 nohead lc rgb grey lw 0.7 dt (2,2) back }

plot for [n = 0 : nr_series - 1] data index 1 using 2:(of_series(n, 'y')) \
		with lines lt n + 1, \
	for [n = 0 : nr_series - 1] data index 0 using 2:(of_series(n, 'y')) \
		with points lt n + 1, \
	for [n = 0 : nr_series - 1] data index 0 using 2:(flagged(n, 'y')) \
		with points ls 100, \
	for [n = 0 : nr_series - 1] keyentry with linespoints lt n + 1 title label(n)
