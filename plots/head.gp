# SPDX-License-Identifier: GPL-2.0-or-later
# What all figures share: this runs first, then plots/NAME.gp. Set before: here, data, out, kind
# ('pdf', 'png' or 'svg'), what the user wants of its looks (plots/figure.h), and the variables that every figure has: nr_series, labels
# (tab-separated), caption ('' where there is nothing to say), unsound.

# What `plot` may be asked for, with its usual values: the width is a column's of a two-column page.
if (!exists('width_cm')) { width_cm = 8.38 }
if (!exists('height_cm')) { height_cm = 0 }
if (!exists('title')) { title = '' }
if (!exists('legend')) { legend = 'top' }
if (!exists('axis')) { axis = 'auto' }
font_pt = 7
small_font = sprintf(',%g', (font_pt - 1) * (kind eq 'svg' ? 96 / 72. : 1))
set encoding utf8

# label(n): the nth of `labels`, from 0.
split(text, n) = n == 0 ? text[1 : strstrt(text."\t", "\t") - 1] : \
	split(text[strstrt(text, "\t") + 1 : *], n - 1)
label(n) = split(labels, n)

# Published curves: the file's last block, with curve, x and y (plots/overlay.h).
if (!exists('nr_overlays')) { nr_overlays = 0; overlay_labels = '' }
overlay_label(n) = split(overlay_labels, n)
of_overlay(n) = column('curve') == n ? column('y') : NaN
pale = 0x808080
set dashtype 11 (8,5)
set dashtype 12 (2,4)
set dashtype 13 (12,4,2,4)
set dashtype 14 (18,6)
set dashtype 15 (4,3)
set dashtype 16 (12,4,2,4,2,4)
dash(n) = 11 + n % 6

of_series(n, col) = column('series') == n ? column(col) : NaN

# A cross lies on every point that a flagged run has a part in.
flagged(n, col) = of_series(n, col) + (column('flagged') > 0 ? 0 : NaN)
set style line 100 lc rgb 'black' lw 0.6 pt 2 ps (kind eq 'png' ? 2.2 : 0.7)

# The caption, broken into lines behind a ';' or else at a space; `rest` is what is left of it.
line_chars = floor(64 * width_cm / 8.5)
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

# `eval page(cm)`: the same picture in each format, 300 dpi where there are pixels, with room for caption
# and title beside the height asked for; a height that the user asked for stretches it. at(cm): so far
# above the caption, on the screen. The cairo terminals take a point for 1/72 of 96 dots, and svg for one
# of them: hence the scales.
title_cm = strlen(title) ? 0.4 : 0
foot_cm = 1.1 # what stands below the axes, and is not stretched
pixels(cm, dpi) = cm / 2.54 * dpi
terminal(cm) = kind eq 'pdf' ? \
	sprintf("set terminal pdfcairo noenhanced size %gcm,%gcm font 'Sans,%g' linewidth 2 fontscale 0.75", \
		width_cm, cm, font_pt) : kind eq 'png' ? \
	sprintf("set terminal pngcairo noenhanced size %d,%d font 'Sans,%g' fontscale %g linewidth %g", \
		pixels(width_cm, 300), pixels(cm, 300), font_pt, 300 / 96., 4) : \
	sprintf("set terminal svg noenhanced size %d,%d font 'sans-serif,%g' linewidth 1.4 background 'white'", \
		pixels(width_cm, 96), pixels(cm, 96), font_pt * 96 / 72.)
paper(cm) = height_cm > 0 ? height_cm : cm + caption_cm + title_cm
page(cm) = sprintf('page_cm = %g; stretch = %g; ', paper(cm), \
	(paper(cm) - caption_cm - title_cm - foot_cm) / (cm - foot_cm)).terminal(paper(cm))
at(cm) = (caption_cm + (cm < foot_cm ? cm : foot_cm + (cm - foot_cm) * stretch)) / page_cm
# Above a single plot; a multiplot has its own label in its place.
set_title = strlen(title) ? "set title title offset 0, -0.6" : ''
set_title_label = strlen(title) ? "set label 8 title at screen 0.5, screen 1 - 0.22 / page_cm center" : ''
# The series are named above the plot, within it, or nowhere. key_lines: how many lines that takes, where
# each has one.
# Across a whole page several share a line.
key_lines = legend ne 'top' ? 0 : width_cm > 12 ? ceil((nr_series + nr_overlays) / 3.) : nr_series + nr_overlays
set_key(top) = legend eq 'top' ? 'set key '.(width_cm > 12 && top[1 : 7] eq 'tmargin' ? \
	'tmargin left Left reverse horizontal' : top) : legend eq 'inside' ? \
	'set key inside top right vertical Right noreverse width 0' : 'unset key'
# A slowdown above 5 is drawn on a logarithmic axis, unless the user says.
is_log(top, normalised) = axis eq 'log' || (axis eq 'auto' && normalised && top > 5)
slowdown_tics = 'set ytics (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000); '
# 80000 as 80k, beside the axis's name; 2500 needs its half.
mantissa(value) = value / 1000 ** floor(log10(value) / 3)
set_y_axis(bottom, top, normalised) = is_log(top, normalised) ? \
	sprintf('set logscale y; set yrange [%g:%g]; ', normalised && bottom > 1 ? 0.85 : bottom * 0.85, \
		top * 1.2).(normalised ? slowdown_tics : "set format y '%.0s%c'") : \
	sprintf('set yrange [%g:%g]; ', bottom < 0 ? bottom * 1.06 : 0, \
		normalised && top < 1.15 ? 1.2 : top > 0 ? top * 1.06 : 1).\
	(normalised || top < 10000 ? '' : sprintf("set format y '%%.%ds%%c'", mantissa(top) < 5))
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
left_cm = 1.3 # beside the plot: numbers, and the axis's name
set border 3 lc rgb grey lw 0.5
set tics out nomirror scale 0.5 textcolor rgb 'black'
# Where on the screen the y axis is named: the terminals differ in how wide they take numbers to be.
y_title = 0.26 / width_cm

set grid ytics lc rgb 0xd8d8d8 lw 0.4 dt solid
set key noautotitle samplen 2 spacing 1 width -2
set datafile separator "\t"
set datafile missing 'NaN'
set output out
