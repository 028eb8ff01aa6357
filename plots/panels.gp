# SPDX-License-Identifier: GPL-2.0-or-later
# Two panels, a rate above and a share below. Blocks: 0 the rate, 1 the share, each (series, x, median,
# low, high, flagged). Variables: upper_title, lower_title, x_title.

# The key, a line for each series, on top of two panels of one size.
eval page(6.3 + 0.3 * key_lines)
eval set_caption
eval set_title_label

stats data index 0 using 'x' name 'of' nooutput
set xrange [of_min - 0.3:of_max + 0.3]
step = of_max > 16 ? 4 : 1
set xtics step
set lmargin at screen left_cm / width_cm
set rmargin at screen 1 - 0.22 / width_cm

set multiplot

set tmargin at screen at(6)
set bmargin at screen at(3.6)
set yrange [0:*]
set label 1 upper_title at screen y_title, graph 0.5 center rotate
set format x ''
eval set_key(sprintf('at screen %g, screen %g left top Left reverse horizontal maxcols 1', \
	0.85 / width_cm, 1 - (title_cm + 0.03) / page_cm))
plot for [n = 0 : nr_series - 1] data index 0 \
		using 2:(of_series(n, 'median')):(of_series(n, 'low')):(of_series(n, 'high')) \
		with yerrorlines lt n + 1 title label(n), \
	for [n = 0 : nr_series - 1] data index 0 using 2:(flagged(n, 'median')) \
		with points ls 100

unset label 9
unset label 8
set tmargin at screen at(3.3)
set bmargin at screen at(0.9)
set yrange [0:1.05]
set ytics 0.25
set label 1 lower_title at screen y_title, graph 0.5 center rotate
set xlabel x_title offset 0, 0.5
set format x '%g'
unset key
plot for [n = 0 : nr_series - 1] data index 1 \
		using 2:(of_series(n, 'median')):(of_series(n, 'low')):(of_series(n, 'high')) \
		with yerrorlines lt n + 1, \
	for [n = 0 : nr_series - 1] data index 1 using 2:(flagged(n, 'median')) \
		with points ls 100

unset multiplot
