# SPDX-License-Identifier: GPL-2.0-or-later
# Jobs over time, shaded by their local ratio; limits below. Blocks: 0 jobs (place, name, arrival_s,
# start_s, end_s), 1 limits (place, from_s, to_s, ratio, limit_mib), 2 local memory of all (t_s, local_mib).
# Variables: nr_jobs, end_s, name_chars, local_mib (the budget), limit_top, policy.

row_cm = nr_jobs > 24 ? 0.2 : 0.34
jobs_cm = row_cm * (nr_jobs + 1)
limits_cm = 2.4
jobs_low = 1.1 + limits_cm + 0.6
eval page(jobs_low + jobs_cm + 0.55)
eval set_caption
eval set_title_label
names_cm = 0.3 + name_chars * 0.055 * font_pt / 2.54
side_cm = names_cm > left_cm ? names_cm : left_cm

# Light with little local memory, dark with all of it.
mix(a, b, r) = int(a + (b - a) * r)
shade(r) = 65536 * mix(224, 0, r) + 256 * mix(236, 90, r) + mix(246, 160, r)

set multiplot
set xrange [0:end_s * 1.02]
set lmargin at screen side_cm / width_cm
set rmargin at screen 1 - 0.22 / width_cm

set tmargin at screen at(jobs_low + jobs_cm)
set bmargin at screen at(jobs_low)
set yrange [nr_jobs - 0.4:-0.6]
set format x ''
unset key
set grid noytics xtics lc rgb 0xd8d8d8 lw 0.4 dt solid
set style fill solid 1 noborder
set label 1 policy at screen side_cm / width_cm, screen at(jobs_low + jobs_cm + 0.3) left
# The scale of shades.
do for [i = 0 : 9] {
	set object 10 + i rectangle from screen 1 - (0.22 + 0.14 * (10 - i)) / width_cm, screen at(jobs_low + jobs_cm + 0.2) \
		to screen 1 - (0.22 + 0.14 * (9 - i)) / width_cm, screen at(jobs_low + jobs_cm + 0.42) \
		fc rgb shade((i + 0.5) / 10.) fs solid noborder front
}
set label 2 'local ratio: 0' at screen 1 - 1.7 / width_cm, screen at(jobs_low + jobs_cm + 0.31) right font small_font
set label 3 '1' at screen 1 - 0.16 / width_cm, screen at(jobs_low + jobs_cm + 0.31) left font small_font
plot data index 0 using 'arrival_s':'place':(column('start_s') - column('arrival_s')):(0):yticlabel(2) \
		with vectors nohead lc rgb grey lw 1 dt (2,2), \
	data index 1 using (0):'place':'from_s':'to_s':(column('place') - 0.36):(column('place') + 0.36):(shade(column('ratio'))) \
		with boxxyerror lc rgb variable

unset label 9
unset label 8
unset label 1
unset label 2
unset label 3
do for [i = 0 : 9] { unset object 10 + i }
set tmargin at screen at(1.1 + limits_cm)
set bmargin at screen at(1.1)
top = local_mib > limit_top ? local_mib : limit_top
set yrange [0:top * 1.1]
set ytics auto
set format x '%g'
set grid noxtics ytics
set xlabel 'time (s)' offset 0, 0.5
set label 1 'memory (MiB)' at screen y_title, graph 0.5 center rotate
set key at graph 1, screen at(1.1 + limits_cm + 0.32) right top horizontal samplen 1.6 font small_font
plot for [n = 0 : nr_jobs - 1] data index 1 \
		using (column('place') == n ? column('from_s') : NaN):'limit_mib':(column('to_s') - column('from_s')):(0) \
		with vectors nohead lc rgb 0x56b4e9 lw 0.9 dt solid, \
	keyentry with lines lc rgb 0x56b4e9 lw 0.9 dt solid title 'limits', \
	data index 2 using 't_s':'local_mib' with lines lc rgb 'black' lw 1 dt solid title 'local, all jobs', \
	local_mib with lines lc rgb 0xd55e00 lw 1 dt (4,2) title 'budget'

unset multiplot
