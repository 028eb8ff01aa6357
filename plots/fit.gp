# SPDX-License-Identifier: GPL-2.0-or-later
# What `fmbench fit` has found. Blocks: 0 runs (series, ratio, y, flagged), 1 the curve (series, ratio, y, low,
# high; NaN: no band). Variables: normalised, bottom and top (of y), y_label, bound, and where it is crossed
# ratio, low, high (NaN: nowhere, or a profile).

eval page(4.6 + 0.35 * (key_lines + (bound > 0)))
eval set_caption
eval set_title

set xrange [0:1.05]
eval set_y_axis(bottom, top, normalised)
set xtics 0.25
set mxtics 5
set xlabel 'local memory / peak' offset 0, 0.5
set label 1 y_label at screen y_title, graph 0.5 center rotate
set lmargin at screen left_cm / width_cm
set rmargin at screen 1 - 0.22 / width_cm
set bmargin at screen at(0.9)
eval set_key('tmargin left Left reverse horizontal')
if (high > 0) {
	set object 1 rectangle from first low, graph 0 to first high, graph 1 behind \
		fc rgb 0xdfe8f0 fs solid noborder
	set arrow 1 from first ratio, graph 0 to first ratio, graph 1 nohead lc rgb grey lw 0.7
}

set style fill transparent solid 0.2 noborder
plot for [n = 0 : nr_series - 1] data index 1 using 2:(of_series(n, 'low')):(of_series(n, 'high')) \
		with filledcurves lt n + 1, \
	for [n = 0 : nr_series - 1] data index 1 using 2:(of_series(n, 'y')) with lines lt n + 1, \
	for [n = 0 : nr_series - 1] data index 0 using 2:(of_series(n, 'y')) with points lt n + 1, \
	for [n = 0 : nr_series - 1] data index 0 using 2:(flagged(n, 'y')) with points ls 100, \
	for [n = 0 : nr_series - 1] keyentry with linespoints lt n + 1 title label(n), \
	bound with lines lc rgb 'black' lw 0.7 dt (8,4) title (bound > 0 ? 'the bound' : '')
