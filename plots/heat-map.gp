# SPDX-License-Identifier: GPL-2.0-or-later
# A heat map of slowdowns. Blocks: 0 row, col, slowdown, low, high, nr; 1 row, label; 2 col, label. Variables:
# nr_rows, nr_cols, most (the largest), row_chars, col_chars (of the longest labels), heading.

names_cm = 0.3 + row_chars * 0.055 * font_pt / 2.54
side_cm = names_cm > 0.8 ? names_cm : 0.8
cell_cm = (width_cm - side_cm - 0.22) / nr_cols
row_cm = 0.85
slanted = col_chars * 0.055 * font_pt / 2.54 > cell_cm * 0.95
below_cm = slanted ? 0.4 + col_chars * 0.05 * font_pt / 2.54 * 0.8 : 0.55
foot_cm = below_cm
eval page(below_cm + row_cm * nr_rows + 0.55)
eval set_caption
eval set_title

# White where nothing is lost, darker with each doubling.
depth(y) = y <= 1 ? 0. : most <= 1.001 ? 0. : log(y) / log(most > 2 ? most : 2)
mix(a, b, r) = int(a + (b - a) * (r > 1 ? 1 : r))
shade(y) = 65536 * mix(255, 213, depth(y)) + 256 * mix(255, 94, depth(y)) + mix(255, 0, depth(y))

set xrange [-0.5:nr_cols - 0.5]
set yrange [nr_rows - 0.5:-0.5]
set tics scale 0
if (slanted) { set xtics rotate by 45 right }
unset grid
unset key
set border 0
set lmargin at screen side_cm / width_cm
set rmargin at screen 1 - 0.22 / width_cm
set bmargin at screen at(below_cm)
set tmargin at screen at(below_cm + row_cm * nr_rows)
set label 1 heading at screen side_cm / width_cm, screen at(below_cm + row_cm * nr_rows + 0.3) left
set style fill solid 1 border lc rgb 'white'
number(y) = sprintf(y >= 100 ? '%.0f' : y >= 10 ? '%.1f' : '%.2f', y)
# Where there is room for it.
interval(low, high) = low == low && cell_cm > 1.2 ? '['.number(low).', '.number(high).']' : ''

plot data index 0 using 'col':'row':(column('col') - 0.49):(column('col') + 0.49):(column('row') - 0.47):(column('row') + 0.47):(shade(column('slowdown'))) \
		with boxxyerror lc rgb variable, \
	data index 0 using 'col':(column('row') - 0.14):(number(column('slowdown'))) with labels center, \
	data index 0 using 'col':(column('row') + 0.22):(interval(column('low'), column('high'))) \
		with labels center font small_font, \
	data index 1 using (NaN):'row':yticlabel(2) with points, \
	data index 2 using 'col':(NaN):xticlabel(2) with points
