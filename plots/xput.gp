# SPDX-License-Identifier: GPL-2.0-or-later
# Faults per second over cores. Blocks: 0 series, x, median, low, high (thousands a second); 1, with
# `overlay`: cores, noevict, clean, dirty. Variables: nr_series, labels (tab-separated), overlay.

eval terminal(overlay ? 6.6 : 5.8)

# label(n): the nth of `labels`, from 0.
split(text, n) = n == 0 ? text[1 : strstrt(text."\t", "\t") - 1] : \
	split(text[strstrt(text, "\t") + 1 : *], n - 1)
label(n) = split(labels, n)

of_series(n, col) = column('series') == n ? column(col) : NaN

stats data index 0 using 'x' name 'of' nooutput
last = overlay && of_max < 12 ? 12 : of_max
set xrange [0.5:last + 0.5]
set yrange [0:*]
step = last > 16 ? 4 : 1
set xtics step
set xlabel 'cores' offset 0, 0.5
set ylabel 'faults per second (thousands)' offset 1.2
set lmargin 8
set rmargin 1
set key tmargin left Left reverse vertical

pale = 0x9a9a9a
array mode = ['noevict', 'clean', 'dirty']
array name = ['noevict', 'evict-clean', 'evict-dirty']

plot for [n = 0 : nr_series - 1] data index 0 \
		using 2:(of_series(n, 'median')):(of_series(n, 'low')):(of_series(n, 'high')) \
		with yerrorlines lt n + 1 title label(n), \
	for [m = 1 : (overlay ? 3 : 0)] data index (overlay ? 1 : 0) \
		using 1:(column(mode[m])) with lines lc rgb pale lw 0.8 dt m \
		title 'Fastswap on RDMA, '.name[m].' (Eden)'
