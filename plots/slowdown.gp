# SPDX-License-Identifier: GPL-2.0-or-later
# Slowdown, or another number, over the local ratio. Blocks: 0 repeats (series, ratio, y, flagged), 1 medians
# (series, ratio, y, low, high), 2 published curves where there are some (curve, x, y). Variables:
# normalised (1: ratio 1's median is 1), bottom and top (of y), y_label.

# The key takes what it needs, the plot keeps its size.
eval page(4.6 + 0.35 * key_lines)
eval set_caption
eval set_title

set xrange [0:1.05]
if (nr_overlays && overlay_top > top) { top = overlay_top }
eval set_y_axis(bottom, top, normalised)
set xtics 0.25
set mxtics 5
set xlabel 'local memory / peak' offset 0, 0.5
set label 1 y_label at screen y_title, graph 0.5 center rotate
set lmargin at screen left_cm / width_cm
set rmargin at screen 1 - 0.22 / width_cm
set bmargin at screen at(0.9)
eval set_key('tmargin left Left reverse horizontal')
if (normalised) { set arrow 1 from graph 0, first 1 to graph 1, first 1 nohead lc rgb grey lw 0.7 dt (2,2) back }

plot for [n = 0 : nr_series - 1] data index 1 using 2:(of_series(n, 'y')) \
		with lines lt n + 1, \
	for [n = 0 : nr_series - 1] data index 0 using 2:(of_series(n, 'y')) \
		with points lt n + 1, \
	for [n = 0 : nr_series - 1] data index 0 using 2:(flagged(n, 'y')) \
		with points ls 100, \
	for [n = 0 : nr_series - 1] keyentry with linespoints lt n + 1 title label(n), \
	for [n = 0 : nr_overlays - 1] data index 2 using 'x':(of_overlay(n)) \
		with lines lc rgb pale lw 0.8 dt dash(n) title overlay_label(n)
