# SPDX-License-Identifier: GPL-2.0-or-later
# One run over time. Blocks: 0 samples (t_s, page_ins_per_s, page_outs_per_s, local_mib, far_mib, ops_per_s,
# cpus, stalled), 1 phases (phase, begin_s, end_s), 2 seconds (t_s, p99_us). Variables: end_s, limit_mib
# (NaN: no limit), has_ops, has_p99, has_cpu, has_stall.

# Panels from the top: pages, memory, and where they were counted operations, the 99th percentile of latency,
# and CPU with pressure.
nr_panels = 2 + (has_ops > 0) + (has_p99 > 0) + (has_cpu > 0)
panel_cm = 2.16
gap_cm = 0.8
low(n) = 1.1 + (nr_panels - n) * (panel_cm + gap_cm) # the nth's lower edge, from 1
high(n) = low(n) + panel_cm
eval page(high(1) + 1.44)
eval set_caption
eval set_title_label

# What an axis has to hold: never an empty range. Before the ranges, which stats would heed. The fifth
# is the 99th percentile's.
array top[5] = [1., 1., 1., 1., 1.]
do for [word in '1page_ins_per_s 1page_outs_per_s 2local_mib 2far_mib 3ops_per_s 4cpus 4stalled'] {
	panel = word[1 : 1] + 0
	name = word[2 : *]
	stats data using name index 0 name 'of' nooutput
	if (exists('of_max') && of_max > top[panel]) { top[panel] = of_max }
	undefine of_*
}
if (has_p99) {
	stats data using 'p99_us' index 2 name 'of' nooutput
	top[5] = of_max
}
if (limit_mib > top[2]) { top[2] = limit_mib }
# Numbers on an axis have three digits at the most: there is no room for more beside its name.
power(panel) = top[panel] >= 1e9 ? 3 : top[panel] >= 1e6 ? 2 : top[panel] >= 1000 ? 1 : 0
scale(panel) = panel == 2 ? (top[2] >= 1000 ? 1024. : 1.) : 1000. ** power(panel)
upper(panel) = top[panel] / scale(panel) * 1.06
array multiple[4] = ['', 'thousand ', 'million ', 'billion ']
rate(panel, what) = multiple[power(panel) + 1].what

set multiplot

set xrange [0:end_s]
set lmargin at screen left_cm / width_cm
set rmargin at screen 1 - 0.22 / width_cm

# Every other phase is shaded, and the measured one darker. Labels stand upright where a phase is
# narrow, and are left out where it is hardly to be seen.
character = 0.178 / width_cm * end_s
is_wide(name, begin, end) = strlen(name) * character < end - begin
is_narrow(name, begin, end) = !is_wide(name, begin, end) && end - begin > 1.4 * character
shade(name, nr) = name eq 'measure' ? 0xdfe8f0 : int(nr) % 2 ? 0xffffff : 0xf2f2f2
set style fill solid 1 noborder

set_panel(n, name) = sprintf("set tmargin at screen at(%g); set bmargin at screen at(%g); ", high(n), low(n)).\
	(legend eq 'none' ? 'unset key; ' : sprintf("set key at screen %g, screen at(%g) left top Left reverse horizontal; ", \
		0.85 / width_cm, n == 1 ? high(1) + 1.4 : high(n) + 0.52)).\
	sprintf("set label 1 '%s' at screen y_title, graph 0.5 center rotate; ", name).\
	(n == nr_panels ? "set xlabel 'time from the start of the run (s)' offset 0, 0.5; set format x '%g'" : \
		"set format x ''")

eval set_panel(1, rate(1, 'pages/s'))
set yrange [0:upper(1)]
plot data index 1 using (0):(0):2:3:(0):(upper(1)):(shade(strcol(1), $0)) with boxxyerror lc rgb variable, \
	'' index 1 using (is_wide(strcol(1), $2, $3) ? ($2 + $3) / 2 : NaN):(upper(1)):1 \
		with labels center offset 0, 0.6 font small_font, \
	'' index 1 using (is_narrow(strcol(1), $2, $3) ? ($2 + $3) / 2 : NaN):(upper(1)):1 \
		with labels left rotate offset 0, 0.25 font small_font, \
	data index 0 using 1:(column('page_ins_per_s') / scale(1)) with lines lt 1 title 'far page-ins', \
	'' index 0 using 1:(column('page_outs_per_s') / scale(1)) with lines lt 2 title 'page-outs'

unset label 9
unset label 8
eval set_panel(2, scale(2) > 1 ? 'memory (GiB)' : 'memory (MiB)')
set yrange [0:upper(2)]
plot data index 1 using (0):(0):2:3:(0):(upper(2)):(shade(strcol(1), $0)) with boxxyerror lc rgb variable, \
	limit_mib / scale(2) with lines lc rgb grey lw 1 dt (3,3) title (limit_mib > 0 ? 'limit' : ''), \
	data index 0 using 1:(column('local_mib') / scale(2)) with lines lt 1 title 'resident', \
	'' index 0 using 1:(column('far_mib') / scale(2)) with lines lt 2 title 'swapped'

if (has_ops) {
	eval set_panel(3, rate(3, power(3) ? 'ops/s' : 'operations/s'))
	set yrange [0:upper(3)]
	plot data index 1 using (0):(0):2:3:(0):(upper(3)):(shade(strcol(1), $0)) with boxxyerror lc rgb variable, \
		data index 0 using 1:(column('ops_per_s') / scale(3)) with lines lt 1 title 'operations'
}

if (has_p99) {
	eval set_panel(3 + (has_ops > 0), scale(5) > 1 ? 'p99 (ms)' : 'p99 (µs)')
	set yrange [0:upper(5)]
	plot data index 1 using (0):(0):2:3:(0):(upper(5)):(shade(strcol(1), $0)) with boxxyerror lc rgb variable, \
		data index 2 using 1:(column('p99_us') / scale(5)) with linespoints lt 1 \
			title 'latency, 99th percentile of each second'
}

if (has_cpu) {
	eval set_panel(nr_panels, has_stall ? 'CPUs, share' : 'CPUs')
	set yrange [0:upper(4)]
	if (top[4] <= 2) { set ytics 0.5 }
	plot data index 1 using (0):(0):2:3:(0):(upper(4)):(shade(strcol(1), $0)) with boxxyerror lc rgb variable, \
		data index 0 using 1:(column('cpus')) with lines lt 1 title 'CPUs used', \
		'' index 0 using 1:(column('stalled')) with lines lt 2 title 'stalled on memory (share)'
}

unset multiplot
