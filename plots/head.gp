# SPDX-License-Identifier: GPL-2.0-or-later
# What all figures share: this runs first, then plots/NAME.gp. Set before: here, data, out, kind
# ('pdf', 'png' or 'svg'), and the variables that every figure has: nr_series, labels
# (tab-separated), caption ('' where there is nothing to say), unsound.

width_cm = 8.5 # a column of a two-column paper
font_pt = 7
small_font = sprintf(',%g', (font_pt - 1) * (kind eq 'svg' ? 96 / 72. : 1))
set encoding utf8

# label(n): the nth of `labels`, from 0.
split(text, n) = n == 0 ? text[1 : strstrt(text."\t", "\t") - 1] : \
	split(text[strstrt(text, "\t") + 1 : *], n - 1)
label(n) = split(labels, n)

of_series(n, col) = column('series') == n ? column(col) : NaN

# A cross lies on every point that a flagged run has a part in.
flagged(n, col) = of_series(n, col) + (column('flagged') > 0 ? 0 : NaN)
set style line 100 lc rgb 'black' lw 0.6 pt 2 ps (kind eq 'png' ? 2.2 : 0.7)

# The caption, broken into lines behind a ';' or else at a space; `rest` is what is left of it.
line_chars = 64
last(text, n, sign) = n == 0 ? 0 : text[n : n] eq sign ? n : last(text, n - 1, sign)
space(text) = last(text, line_chars, ' ')
line_end(text) = strlen(text) <= line_chars ? strlen(text) : \
	last(text, line_chars, ';') > line_chars / 2 ? last(text, line_chars, ';') + 1 : \
	space(text) > 0 ? space(text) : line_chars
rest = caption
caption_lines = ''
caption_cm = 0.
while (strlen(rest) > 0) {
	caption_lines = caption_lines.(caption_cm > 0 ? "\n" : '').rest[1 : line_end(rest)]
	rest = rest[line_end(rest) + 1 : *]
	caption_cm = caption_cm + 0.28
}

# `eval page(height_cm)`: the same picture in each format, 300 dpi where there are pixels, with room
# for the caption below the height asked for. at(cm): so far above the caption, on the screen. The
# cairo terminals take a point for 1/72 of 96 dots, and svg for one of them: hence the scales.
pixels(cm, dpi) = cm / 2.54 * dpi
terminal(height_cm) = kind eq 'pdf' ? \
	sprintf("set terminal pdfcairo noenhanced size %gcm,%gcm font 'Sans,%g' linewidth 2 fontscale 0.75", \
		width_cm, height_cm, font_pt) : kind eq 'png' ? \
	sprintf("set terminal pngcairo noenhanced size %d,%d font 'Sans,%g' fontscale %g linewidth %g", \
		pixels(width_cm, 300), pixels(height_cm, 300), font_pt, 300 / 96., 4) : \
	sprintf("set terminal svg noenhanced size %d,%d font 'sans-serif,%g' linewidth 1.4 background 'white'", \
		pixels(width_cm, 96), pixels(height_cm, 96), font_pt * 96 / 72.)
page(cm) = sprintf('page_cm = %g; ', cm + caption_cm).terminal(cm + caption_cm)
at(cm) = (caption_cm + cm) / page_cm
# The caption is a label: `set` it for a plot, and `unset label 9` before the next of a multiplot.
set_caption = "set label 9 caption_lines at screen 0.02, screen at(-0.12) left font small_font ".\
	"textcolor rgb (unsound ? 0xd55e00 : 0x404040)"

# Okabe and Ito's colours (https://jfly.uni-koeln.de/color/), darkest first; dashes and points tell
# them apart in grey.
set linetype 1 lc rgb '#0072b2' lw 1 dt solid pt 6
set linetype 2 lc rgb '#d55e00' lw 1 dt (8,4) pt 4
set linetype 3 lc rgb '#009e73' lw 1 dt (2,3) pt 8
set linetype 4 lc rgb '#cc79a7' lw 1 dt (10,3,2,3) pt 10
set linetype 5 lc rgb '#e69f00' lw 1 dt (16,4) pt 12
set linetype 6 lc rgb '#56b4e9' lw 1 dt (4,2) pt 14
set linetype 7 lc rgb '#000000' lw 1 dt (10,3,2,3,2,3) pt 1
set linetype cycle 7

set pointsize (kind eq 'png' ? 1.6 : 0.5)

grey = 0x707070
set border 3 lc rgb grey lw 0.5
set tics out nomirror scale 0.5 textcolor rgb 'black'
# Where on the screen the y axis is named: the terminals differ in how wide they take numbers to be.
y_title = 0.03

set grid ytics lc rgb 0xd8d8d8 lw 0.4 dt solid
set key noautotitle samplen 2 spacing 1 width -2
set datafile separator "\t"
set datafile missing 'NaN'
set output out
