# SPDX-License-Identifier: GPL-2.0-or-later
# Latency of faults. Block 0: series, us, share, tail (1 - share), flagged. Variable: y, 'share' or 'tail'.

eval page(4.9 + 0.35 * key_lines)
eval set_caption
eval set_title

# The slowest thousandth would squeeze all else: the axis of shares ends where every series is at 99.9 %.
of_max = 1.
stats data index 0 using (y eq 'tail' || column('share') <= 0.999 ? column('us') : NaN) name 'of' nooutput
set logscale x
set xrange [*:of_max * 1.3]
if (y eq 'tail') {
	set logscale y
	set yrange [*:1]
	set format y '%g'
	set ylabel 'share of faults that take longer' offset 1.2
} else {
	set yrange [0:1]
	set ytics 0.25
	set ylabel 'share of faults' offset 1.2
}
set grid xtics lc rgb 0xd8d8d8 lw 0.4 dt solid
set xlabel 'latency of one touch (µs)' offset 0, 0.5
set lmargin (y eq 'tail' ? 10 : 8)
set rmargin 2
set bmargin at screen at(0.9)
eval set_key('tmargin left Left reverse vertical')

plot for [n = 0 : nr_series - 1] data index 0 using 2:(of_series(n, y)) \
		with lines lt n + 1 title label(n), \
	for [n = 0 : nr_series - 1] data index 0 using 2:(flagged(n, y)) \
		with points ls 100
