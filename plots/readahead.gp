# SPDX-License-Identifier: GPL-2.0-or-later
# What read-ahead brings. Blocks: 0 thousands a second, 1 shares, each (series, x, median, low, high).
# Variables: nr_series, labels (tab-separated).

# The key, a line for each series, on top of two panels of one size.
key_cm = 0.1 + 0.3 * nr_series
height_cm = key_cm + 6.2
at(cm) = cm / height_cm # centimetres from the bottom
eval terminal(height_cm)

# label(n): the nth of `labels`, from 0.
split(text, n) = n == 0 ? text[1 : strstrt(text."\t", "\t") - 1] : \
	split(text[strstrt(text, "\t") + 1 : *], n - 1)
label(n) = split(labels, n)

of_series(n, col) = column('series') == n ? column(col) : NaN

stats data index 0 using 'x' name 'of' nooutput
set xrange [of_min - 0.3:of_max + 0.3]
step = of_max > 16 ? 4 : 1
set xtics step
set lmargin at screen 0.145
set rmargin at screen 0.975

set multiplot

set tmargin at screen at(6)
set bmargin at screen at(3.6)
set yrange [0:*]
set label 1 'thousand pages/s' at screen y_title, graph 0.5 center rotate
set format x ''
set key at screen 0.1, screen 0.995 left top Left reverse horizontal maxcols 1
plot for [n = 0 : nr_series - 1] data index 0 \
	using 2:(of_series(n, 'median')):(of_series(n, 'low')):(of_series(n, 'high')) \
	with yerrorlines lt n + 1 title label(n)

set tmargin at screen at(3.3)
set bmargin at screen at(0.9)
set yrange [0:1.05]
set ytics 0.25
set label 1 'touches that waited' at screen y_title, graph 0.5 center rotate
set xlabel 'vm.page-cluster: up to 2ⁿ pages are read at once' offset 0, 0.5
set format x '%g'
unset key
plot for [n = 0 : nr_series - 1] data index 1 \
	using 2:(of_series(n, 'median')):(of_series(n, 'low')):(of_series(n, 'high')) \
	with yerrorlines lt n + 1

unset multiplot
