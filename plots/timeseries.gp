# SPDX-License-Identifier: GPL-2.0-or-later
# One run over time. Blocks: 0 samples (t_s, page_ins_per_s, page_outs_per_s, local_mib, far_mib),
# 1 phases (phase, begin_s, end_s). Variables: end_s, limit_mib (NaN: no limit).

eval page(8.2)
eval set_caption

# What the axes have to hold: never an empty range. Before the ranges, which stats would heed.
array top = [1., 1.]
do for [name in 'page_ins_per_s page_outs_per_s local_mib far_mib'] {
	panel = name[strlen(name) - 2 : *] eq 'mib' ? 2 : 1
	stats data using name index 0 name 'of' nooutput
	if (exists('of_max') && of_max > top[panel]) { top[panel] = of_max }
	undefine of_*
}
scale = top[1] >= 5000 ? 1000. : 1.
rate_top = top[1] / scale * 1.06
memory_top = (limit_mib > top[2] ? limit_mib : top[2]) * 1.06

set multiplot

set xrange [0:end_s]
set lmargin at screen 0.145
set rmargin at screen 0.975

# Every other phase is shaded, and the measured one darker. Labels stand upright where a phase is
# narrow, and are left out where it is hardly to be seen.
character = 0.021 * end_s
is_wide(name, begin, end) = strlen(name) * character < end - begin
is_narrow(name, begin, end) = !is_wide(name, begin, end) && end - begin > 1.4 * character
shade(name, nr) = name eq 'measure' ? 0xdfe8f0 : int(nr) % 2 ? 0xffffff : 0xf2f2f2
set style fill solid 1 noborder

set tmargin at screen at(6.76)
set bmargin at screen at(4.6)
set yrange [0:rate_top]
set label 1 (scale > 1 ? 'thousand pages/s' : 'pages/s') at screen y_title, graph 0.5 center rotate
set format x ''
set key at screen 0.1, screen at(8.16) left top Left reverse horizontal
plot data index 1 using (0):(0):2:3:(0):(rate_top):(shade(strcol(1), $0)) with boxxyerror lc rgb variable, \
	'' index 1 using (is_wide(strcol(1), $2, $3) ? ($2 + $3) / 2 : NaN):(rate_top):1 \
		with labels center offset 0, 0.6 font small_font, \
	'' index 1 using (is_narrow(strcol(1), $2, $3) ? ($2 + $3) / 2 : NaN):(rate_top):1 \
		with labels left rotate offset 0, 0.25 font small_font, \
	data index 0 using 1:(column('page_ins_per_s') / scale) with lines lt 1 title 'far page-ins', \
	'' index 0 using 1:(column('page_outs_per_s') / scale) with lines lt 2 title 'page-outs'

unset label 9
set tmargin at screen at(3.53)
set bmargin at screen at(1.1)
set yrange [0:memory_top]
set label 1 'memory (MiB)' at screen y_title, graph 0.5 center rotate
set xlabel 'time from the start of the run (s)' offset 0, 0.5
set format x '%g'
set key at screen 0.1, screen at(4.06) left top Left reverse horizontal
plot data index 1 using (0):(0):2:3:(0):(memory_top):(shade(strcol(1), $0)) with boxxyerror lc rgb variable, \
	limit_mib with lines lc rgb grey lw 1 dt (3,3) title (limit_mib > 0 ? 'limit' : ''), \
	data index 0 using 1:(column('local_mib')) with lines lt 1 title 'resident', \
	'' index 0 using 1:(column('far_mib')) with lines lt 2 title 'swapped'

unset multiplot
