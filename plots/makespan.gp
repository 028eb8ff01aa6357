# SPDX-License-Identifier: GPL-2.0-or-later
# Throughput over local memory. Blocks: 0 series, x (MiB), median, low, high (its interval), runs, flagged.
# Variables: y_label, left_x, right_x.

eval page(4.6 + 0.3 * key_lines)
eval set_caption
eval set_title

wide = right_x > left_x ? 0.06 * (right_x - left_x) : 0.1 * right_x
set xrange [left_x - wide:right_x + wide]
set yrange [0:*]
if (right_x == left_x) { set xtics (sprintf('%.0f', left_x) left_x) }
set xlabel 'local memory of all jobs (MiB)' offset 0, 0.5
set label 1 y_label at screen y_title, graph 0.5 center rotate
set lmargin at screen left_cm / width_cm
set rmargin at screen 1 - 0.22 / width_cm
set bmargin at screen at(0.9)
eval set_key('tmargin left Left reverse vertical')

# Policies at one and the same place stand side by side.
aside(n) = (n - (nr_series - 1) / 2.) * wide * 0.16 * (right_x > left_x ? 1 : 6. / nr_series)

plot for [n = 0 : nr_series - 1] data index 0 \
		using (column('x') + aside(n)):(of_series(n, 'median')):(of_series(n, 'low')):(of_series(n, 'high')) \
		with yerrorlines lt n + 1 title label(n), \
	for [n = 0 : nr_series - 1] data index 0 using (column('x') + aside(n)):(flagged(n, 'median')) \
		with points ls 100
