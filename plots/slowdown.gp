# SPDX-License-Identifier: GPL-2.0-or-later
# Performance over the local ratio. Blocks: 0 repeats (series, ratio, performance, flagged), 1 medians
# (series, ratio, performance). Variables: normalised (1: ratio 1's median is 1), y_label.

# The key takes what it needs, the plot keeps its size.
eval page(4.6 + 0.35 * nr_series)
eval set_caption

set xrange [0:1.05]
set yrange [0:1.15<*]
if (!normalised) { set yrange [0:*] }
set xtics 0.25
set mxtics 5
set xlabel 'local memory / peak' offset 0, 0.5
set label 1 y_label at screen y_title, graph 0.5 center rotate
set lmargin at screen 0.145
set rmargin at screen 0.975
set bmargin at screen at(0.9)
set key tmargin left Left reverse horizontal
if (normalised) { set arrow 1 from graph 0, first 1 to graph 1, first 1 nohead lc rgb grey lw 0.7 dt (2,2) back }

plot for [n = 0 : nr_series - 1] data index 1 using 2:(of_series(n, 'performance')) \
		with lines lt n + 1, \
	for [n = 0 : nr_series - 1] data index 0 using 2:(of_series(n, 'performance')) \
		with points lt n + 1, \
	for [n = 0 : nr_series - 1] data index 0 using 2:(flagged(n, 'performance')) \
		with points ls 100, \
	for [n = 0 : nr_series - 1] keyentry with linespoints lt n + 1 title label(n)
