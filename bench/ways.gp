# SPDX-License-Identifier: GPL-2.0-or-later
# What the way costs: gnuplot -e "table = 'ways.dat'; out = 'ways.png'; kernels = '6.12 7.3'" bench/ways.gp
# table: rows "way KERNEL's READ…", the cheapest way on top, NaN where a kernel has none.

set terminal pngcairo noenhanced size 1650,900 font 'Sans,7' fontscale 3.125 linewidth 3
set output out
set datafile missing 'NaN'
stats table using 2 nooutput
copy = 512.
nr = words(kernels)
thick = 0.8 / nr
lower(k) = -0.4 + (k - 1) * thick
text(n) = n < 10000 ? sprintf('%.1fk', n / 1000.) : sprintf('%.0fk', n / 1000.)

set logscale x 2
set xrange [copy:400000]
set xtics ('512' 512, '2k' 2048, '8k' 8192, '32k' 32768, '128k' 131072) out nomirror scale 0.5 textcolor rgb 'black'
set yrange [STATS_records - 0.4:-0.6]
set ytics scale 0 textcolor rgb 'black'
set border 1 lc rgb 0x707070 lw 0.5
set grid xtics lc rgb 0xd8d8d8 lw 0.4 dt solid
set xlabel 'instructions for a major fault that reads; the copy alone: 512' offset 0, 0.4
set style fill solid
set key at graph 1, 1 bottom right horizontal samplen 1 title ''
set lmargin 25
set tmargin 1.5
colour(k) = k == 1 ? 0x0072b2 : 0xd55e00

plot for [k = 1 : nr] table using (copy):0:(copy):(column(k + 1)):($0 + lower(k)):($0 + lower(k) + thick * 0.92) \
		with boxxyerror lc rgb colour(k) notitle, \
	for [k = 1 : nr] table using (column(k + 1) * 1.05):($0 + lower(k) + thick / 2):(text(column(k + 1))) \
		with labels left font ',6' notitle, \
	table using (copy):0:yticlabel(1) with dots lc rgb 'white' notitle, \
	for [k = 1 : nr] keyentry with boxes lc rgb colour(k) title 'Linux '.word(kernels, k)
