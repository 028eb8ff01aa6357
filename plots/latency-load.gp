# SPDX-License-Identifier: GPL-2.0-or-later
# Latency over load. Blocks: 0 points (series, load in thousands a second, p50, p99, its low and high, p99_9,
# flagged; microseconds), 1 capacities (series, load, and how high its line stands).

# The key has a line for each series, and one for the lines of each.
eval page(5.2 + 0.35 * (key_lines + 2))
eval set_caption
eval set_title

set xrange [0:*]
set logscale y
set format y '%.0s%c'
set xlabel 'thousand requests per second, achieved' offset 0, 0.5
set label 1 'latency (µs)' at screen y_title, graph 0.5 center rotate
set lmargin at screen left_cm / width_cm
set rmargin at screen 1 - 0.32 / width_cm
set bmargin at screen at(0.9)
eval set_key('tmargin left Left reverse vertical')
set style fill transparent solid 0.2 noborder

plot for [n = 0 : nr_series - 1] data index 0 using 2:(of_series(n, 'low')):(of_series(n, 'high')) \
		with filledcurves lt n + 1, \
	for [n = 0 : nr_series - 1] data index 0 using 2:(of_series(n, 'p99')) \
		with linespoints lt n + 1 dt solid title label(n), \
	for [n = 0 : nr_series - 1] data index 0 using 2:(of_series(n, 'p50')) \
		with lines lt n + 1 lw 0.7 dt (2,3), \
	for [n = 0 : nr_series - 1] data index 0 using 2:(of_series(n, 'p99_9')) \
		with lines lt n + 1 lw 0.7 dt (8,4), \
	for [n = 0 : nr_series - 1] data index 0 using 2:(flagged(n, 'p99')) with points ls 100, \
	for [n = 0 : nr_series - 1] data index 1 using (of_series(n, 'load')):'top' \
		with impulses lt n + 1 lw 0.7 dt solid, \
	NaN with lines lc rgb grey dt (8,4) title '99.9th percentile; dotted: median', \
	NaN with lines lc rgb grey lw 0.7 dt solid title 'upright: the most that it kept up with'
