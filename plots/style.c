// SPDX-License-Identifier: GPL-2.0-or-later
/* How a figure is asked to look, as variables of its script. */
#include "plots/figure.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/opt.h"

#define CM_PER_INCH 2.54

static int parse_sides(const char *text, struct figure_style *style)
{
	char *copy = xstrdup(text), *x = strchr(copy, 'x'), *cm = strstr(copy, "cm");
	double width = 0, height = 0, scale = cm ? 1 : CM_PER_INCH;
	int rc = -EINVAL;

	if (cm && !cm[2])
		*cm = '\0';
	if (x) {
		*x = '\0';
		rc = parse_double(copy, &width);
		if (!rc)
			rc = parse_double(x + 1, &height);
	}
	free(copy);
	if (rc || width * scale < 2 || width * scale > 100 || height * scale < 2 ||
	    height * scale > 100)
		return -EINVAL;
	style->width_cm = width * scale;
	style->height_cm = height * scale;
	return 0;
}

int figure_parse_size(const char *text, struct figure_style *style, struct err *err)
{
	static const struct {
		const char *name;
		double inches;
	} columns[] = { { "single", 3.3 }, { "double", 7 } };

	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
		if (strcmp(text, columns[i].name) == 0) {
			style->width_cm = columns[i].inches * CM_PER_INCH;
			return 0;
		}
	}
	if (!parse_sides(text, style))
		return 0;
	return err_usage(
		err,
		"--size '%s': give single, double, or width and height as 3.3x2.4 (inches) "
		"or 8.4x6cm, of 2 to 100 cm",
		text);
}

/* name = 'text', as gnuplot reads it. */
static void add_text(struct buf *vars, const char *name, const char *text, char from, char to)
{
	buf_addf(vars, "%s = '", name);
	for (; *text; text++) {
		char c = *text == from ? to : *text == '\n' || *text == '\r' ? ' ' : *text;

		buf_add(vars, c == '\'' ? "''" : &c, c == '\'' ? 2 : 1);
	}
	buf_adds(vars, "'\n");
}

static int check_labels(const char *labels, const char *vars, struct err *err)
{
	static const char name[] = "nr_series = ";
	const char *found = vars ? strstr(vars, name) : NULL;
	size_t nr_series = found ? strtoul(found + strlen(name), NULL, 10) : 0, nr = 1;

	for (const char *c = labels; *c; c++)
		nr += *c == ',';
	if (nr == nr_series)
		return 0;
	return err_usage(err,
			 "--labels has %zu, and there %s %zu series; draw without --labels to "
			 "see them",
			 nr, nr_series == 1 ? "is" : "are", nr_series);
}

int figure_add_style(const struct figure_style *style, struct buf *vars, struct err *err)
{
	int rc = style->labels ? check_labels(style->labels, vars->data, err) : 0;

	if (rc)
		return rc;
	if (style->width_cm > 0)
		buf_addf(vars, "width_cm = %g\n", style->width_cm);
	if (style->height_cm > 0)
		buf_addf(vars, "height_cm = %g\n", style->height_cm);
	if (style->title)
		add_text(vars, "title", style->title, '\t', ' ');
	if (style->labels)
		add_text(vars, "labels", style->labels, ',', '\t');
	if (style->legend)
		buf_addf(vars, "legend = '%s'\n", style->legend);
	if (style->axis)
		buf_addf(vars, "axis = '%s'\n", style->axis);
	return 0;
}
