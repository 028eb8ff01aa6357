# SPDX-License-Identifier: GPL-2.0-or-later
# Cells side by side. Blocks: 0 series, category, median, low, high (its interval), flagged, runs; 1 category,
# label. Variables: nr_categories, label_chars (of the longest), word_chars, label_words, x_label, normalised, bottom and top (of
# y), y_label.

# A label's words stand below each other; where they don't fit, labels hang at a slant, and end where the
# page does. The data file has them whole.
char_cm = 0.057 * font_pt / 2.54
plot_cm = width_cm - left_cm - 0.22
slanted = word_chars * char_cm > plot_cm / nr_categories * 0.95
below(text) = slanted || strstrt(text, ' ') == 0 ? text : \
	text[1 : strstrt(text, ' ') - 1]."\n".below(text[strstrt(text, ' ') + 1 : *])
most_chars = label_chars * char_cm * 0.87 < 4 ? label_chars : floor(4 / (char_cm * 0.87))
room(category) = (left_cm + (category + 0.5) * plot_cm / nr_categories - 0.1) / (char_cm * 0.5)
cut(text, chars) = strlen(text) > chars ? text[1 : floor(chars) - 1]."…" : text
fitted(text, category) = slanted ? cut(text, room(category) < most_chars ? room(category) : most_chars) : text
label_cm = slanted ? 0.1 + most_chars * char_cm * 0.87 : 0.3 * label_words
below_cm = 0.25 + label_cm + (strlen(x_label) ? 0.35 : 0)
foot_cm = below_cm

eval page(3.7 + below_cm + 0.35 * key_lines)
eval set_caption
eval set_title

set xrange [-0.5:nr_categories - 0.5]
eval set_y_axis(bottom, top, normalised)
set xtics scale 0
if (slanted) { set xtics rotate by 60 right }
if (strlen(x_label)) { set label 2 x_label at graph 0.5, screen at(0.24) center }
set label 1 y_label at screen y_title, graph 0.5 center rotate
set lmargin at screen left_cm / width_cm
set rmargin at screen 1 - 0.22 / width_cm
set bmargin at screen at(below_cm)
eval set_key('tmargin left Left reverse horizontal width 0')
if (normalised) { set arrow 1 from graph 0, first 1 to graph 1, first 1 nohead lc rgb grey lw 0.7 dt (2,2) front }

bar = 0.8 / nr_series
place(n) = column('category') + (n - (nr_series - 1) / 2.) * bar
set boxwidth 0.92 * bar absolute
set style fill solid 0.55 border

plot for [n = 0 : nr_series - 1] data index 0 using (place(n)):(of_series(n, 'median')) \
		with boxes lt n + 1 dt solid title label(n), \
	for [n = 0 : nr_series - 1] data index 0 \
		using (place(n)):(of_series(n, 'low')):(0):(of_series(n, 'high') - column('low')) \
		with vectors heads size screen 0.006, 90 lt -1 lw 0.7, \
	for [n = 0 : nr_series - 1] data index 0 using (place(n)):(flagged(n, 'median')) \
		with points ls 100, \
	data index 1 using (column('category')):(NaN):xticlabel(below(fitted(strcol('label'), column('category')))) with points
