# SPDX-License-Identifier: GPL-2.0-or-later
# Latency over the local ratio. One block: series, ratio, p50, p99, its low and high, p99_9, flagged
# (microseconds). Of more than three series the 99th percentile alone is drawn.

few = nr_series <= 3
eval page(5.2 + 0.35 * (key_lines + 1))
eval set_caption
eval set_title

set xrange [0:1.05]
set xtics 0.25
set mxtics 5
set logscale y
set format y '%.0s%c'
set xlabel 'local memory / peak' offset 0, 0.5
set label 1 'latency (µs)' at screen y_title, graph 0.5 center rotate
set lmargin at screen left_cm / width_cm
set rmargin at screen 1 - 0.22 / width_cm
set bmargin at screen at(0.9)
eval set_key('tmargin left Left reverse vertical')
set style fill transparent solid 0.2 noborder

plot for [n = 0 : nr_series - 1] data index 0 using 2:(of_series(n, 'low')):(of_series(n, 'high')) \
		with filledcurves lt n + 1, \
	for [n = 0 : nr_series - 1] data index 0 using 2:(of_series(n, 'p99')) \
		with linespoints lt n + 1 dt solid title label(n), \
	for [n = 0 : nr_series - 1] data index 0 using 2:(few ? of_series(n, 'p50') : NaN) \
		with lines lt n + 1 lw 0.7 dt (2,3), \
	for [n = 0 : nr_series - 1] data index 0 using 2:(few ? of_series(n, 'p99_9') : NaN) \
		with lines lt n + 1 lw 0.7 dt (8,4), \
	for [n = 0 : nr_series - 1] data index 0 using 2:(flagged(n, 'p99')) with points ls 100, \
	NaN with lines lc rgb grey dt (8,4) \
		title (few ? '99.9th percentile; dotted: median' : '')
