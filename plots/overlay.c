// SPDX-License-Identifier: GPL-2.0-or-later
#include "plots/overlay.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/opt.h"
#include "base/process.h"

#define MAX_CURVES 16

struct reading {
	struct overlay *o;
	const struct figure *figure;
	const char *path;
	unsigned int line;
	char *of_figure; /* what the file says it is for */
	char *curves[MAX_CURVES];
	bool rows;
};

/* Beside the program: build/fmbench in a tree, bin/fmbench where it is installed. */
static int find_file(const char *name, char *dst, size_t size, struct err *err)
{
	static const char *const dirs[] = { "../plots/published",
					    "../share/fmbench/plots/published" };
	char beside[PATH_MAX];

	if (strchr(name, '/')) {
		snprintf(dst, size, "%s", name);
		return 0;
	}
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		if (process_beside(beside, sizeof(beside), dirs[i]) != 0)
			continue;
		snprintf(dst, size, "%.3900s/%.100s.csv", beside, name);
		if (access(dst, R_OK) == 0)
			return 0;
	}
	return err_usage(err,
			 "no published curves '%s': plots/published/ has what there is; a file of "
			 "yours is named with its directory, as in ./mine.csv",
			 name);
}

/* "# KEY: VALUE" */
static void read_comment(struct reading *r, const char *line)
{
	const struct {
		const char *key;
		char **value;
	} rows[] = { { "figure", &r->of_figure },
		     { "title", &r->o->title },
		     { "machine", &r->o->machine },
		     { "source", &r->o->source } };
	const char *key = line + 1 + strspn(line + 1, " ");

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t len = strlen(rows[i].key);

		if (strncmp(key, rows[i].key, len) != 0 || key[len] != ':' || *rows[i].value)
			continue;
		key += len + 1;
		*rows[i].value = xstrdup(key + strspn(key, " "));
		return;
	}
}

static int find_curve(struct reading *r, const char *name)
{
	unsigned int i = 0;

	while (i < r->o->nr_curves && strcmp(r->curves[i], name) != 0)
		i++;
	if (i == MAX_CURVES)
		return -ENOSPC;
	if (i == r->o->nr_curves) {
		r->curves[r->o->nr_curves++] = xstrdup(name);
		buf_addf(&r->o->labels, "%s%s (published)", i ? "\t" : "", name);
	}
	return (int)i;
}

static int read_row(struct reading *r, char *line, struct err *err)
{
	char *rest = line, *name = strsep(&rest, ","), *x = strsep(&rest, ","), *y = rest;
	double x_value, y_value;
	int curve;

	if (!x || !y || parse_double(x, &x_value) != 0 || parse_double(y, &y_value) != 0)
		return err_usage(err, "%s:%u: a row is curve,x,y with two numbers", r->path,
				 r->line);
	curve = find_curve(r, name);
	if (curve < 0)
		return err_usage(err, "%s:%u: more than %d curves are not to be told apart",
				 r->path, r->line, MAX_CURVES);
	if (y_value > r->o->top)
		r->o->top = y_value;
	buf_addf(&r->o->block, "%d\t%.9g\t%.9g\n", curve, x_value, y_value);
	return 0;
}

static int read_line(struct reading *r, char *line, struct err *err)
{
	r->line++;
	line[strcspn(line, "\r\n")] = '\0';
	if (line[0] == '#') {
		read_comment(r, line);
	} else if (!r->rows) {
		if (strcmp(line, "curve,x,y") != 0)
			return err_usage(err, "%s:%u: the first row is curve,x,y", r->path,
					 r->line);
		r->rows = true;
		buf_adds(&r->o->block, "\"curve\"\t\"x\"\t\"y\"\n");
	} else if (line[0]) {
		return read_row(r, line, err);
	}
	return 0;
}

static int check(const struct reading *r, struct err *err)
{
	if (!r->of_figure || !r->o->title || !r->o->machine || !r->o->source)
		return err_usage(err,
				 "%s: lines '# figure: …', '# title: …', '# machine: …' and '# "
				 "source: …' come first: nobody may take these numbers for yours",
				 r->path);
	if (strcmp(r->of_figure, r->figure->name) != 0)
		return err_usage(err, "%s is for figure %s, not for %s", r->path, r->of_figure,
				 r->figure->name);
	if (!r->o->nr_curves)
		return err_usage(err, "%s has no rows", r->path);
	return 0;
}

int overlay_read(const char *name, const struct figure *f, struct overlay *o, struct err *err)
{
	struct reading r = { .o = o, .figure = f };
	char path[PATH_MAX], *line = NULL;
	size_t size = 0;
	FILE *file;
	int rc;

	memset(o, 0, sizeof(*o));
	if (!f->overlays)
		return err_usage(err, "figure %s has no overlays; slowdown and xput have", f->name);
	rc = find_file(name, path, sizeof(path), err);
	if (rc)
		return rc;
	r.path = path;
	file = fopen(path, "re");
	if (!file)
		return err_usage(err, "cannot read %s: %s", path, strerror(errno));
	while (!rc && getline(&line, &size, file) >= 0)
		rc = read_line(&r, line, err);
	if (!rc)
		rc = check(&r, err);
	fclose(file);
	free(line);
	free(r.of_figure);
	for (unsigned int i = 0; i < o->nr_curves; i++)
		free(r.curves[i]);
	return rc;
}

void overlay_release(struct overlay *o)
{
	free(o->title);
	free(o->machine);
	free(o->source);
	buf_release(&o->block);
	buf_release(&o->labels);
	memset(o, 0, sizeof(*o));
}

/* In gnuplot's single quotes. */
static void add_quoted(struct buf *b, const char *text)
{
	buf_adds(b, "'");
	for (const char *c = text; *c; c++)
		buf_adds(b, *c == '\'' ? "''" : (char[]){ *c, '\0' });
	buf_adds(b, "'");
}

void overlay_variables(const struct overlay *o, struct buf *vars)
{
	struct buf caption = BUF_INIT;

	buf_addf(vars, "nr_overlays = %u\noverlay_top = %.9g\noverlay_labels = ", o->nr_curves,
		 o->top);
	add_quoted(vars, o->labels.data);
	buf_addf(&caption, "dashed: %s, published, on another machine (%s)", o->title, o->machine);
	buf_adds(vars, "\ncaption = caption.(caption eq '' ? '' : '; ').");
	add_quoted(vars, caption.data);
	buf_adds(vars, "\n");
	buf_release(&caption);
}
