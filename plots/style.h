/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plots/style.gp, that all figures share (embedded by table.c with the figures' own scripts). */
#ifndef PLOTS_STYLE_H
#define PLOTS_STYLE_H

extern const char style_gp[];

#endif
