# SPDX-License-Identifier: GPL-2.0-or-later
# Faults per second over cores. Blocks: 0 series, x, median, low, high, flagged (thousands a second);
# 1, where there are published curves: cores, noevict, clean, dirty.

stats data nooutput name 'all'
overlay = all_blocks > 1
eval page((overlay ? 5.8 : 4.9) + 0.3 * key_lines)
eval set_caption
eval set_title

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
set bmargin at screen at(0.9)
eval set_key('tmargin left Left reverse vertical')

pale = 0x9a9a9a
array mode = ['noevict', 'clean', 'dirty']
array name = ['noevict', 'evict-clean', 'evict-dirty']

plot for [n = 0 : nr_series - 1] data index 0 \
		using 2:(of_series(n, 'median')):(of_series(n, 'low')):(of_series(n, 'high')) \
		with yerrorlines lt n + 1 title label(n), \
	for [n = 0 : nr_series - 1] data index 0 using 2:(flagged(n, 'median')) \
		with points ls 100, \
	for [m = 1 : (overlay ? 3 : 0)] data index (overlay ? 1 : 0) \
		using 1:(column(mode[m])) with lines lc rgb pale lw 0.8 dt m \
		title 'Fastswap on RDMA, '.name[m].' (Eden)'
