// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/cli/draw.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "plots/overlay.h"

static int write_data(struct store *store, const struct figure *f,
		      const struct figure_choice *choice, const struct overlay *o, const char *path,
		      struct buf *vars, struct err *err)
{
	FILE *out = fopen(path, "w");
	size_t rows = 0;
	int rc;

	if (!out)
		return err_failed(err, errno, "cannot write %s", path);
	rc = export_figure(store, f->sql, choice, out, vars, &rows, err);
	if (!rc && o->nr_curves) {
		fprintf(out, "\n\n%s", o->block.data);
		overlay_variables(o, vars);
	}
	if (fclose(out) != 0 && !rc)
		rc = err_failed(err, errno, "cannot write %s", path);
	if (!rc && rows == 0) {
		remove(path);
		if (choice->job)
			err_missing(err,
				    "nothing to draw in figure %s: no run that it may be of has a "
				    "job '%s'; `fmbench show RUN` names a run's jobs",
				    f->name, choice->job);
		else
			err_missing(err, "nothing to draw in figure %s: %s", f->name,
				    f->empty_hint);
		rc = -ENODATA;
	}
	return rc;
}

/* A curve that is relative to ratio 1 can't lie over operations per second. */
static int check_overlay(const struct overlay *o, const struct buf *vars, struct err *err)
{
	if (!o->nr_curves || !strstr(vars->data, "normalised = 0"))
		return 0;
	return err_usage(err,
			 "%s: published curves are relative to ratio 1, and a run here has none "
			 "to be compared with: make one with --ratio 1, or leave out --overlay",
			 o->title);
}

int draw_figure(struct store *store, const struct figure *f, const struct figure_choice *choice,
		const struct figure_style *style, const char *out_path, struct err *err)
{
	struct overlay o = { 0 };
	char data_path[PATH_MAX];
	struct buf vars = BUF_INIT;
	const char *dot = strrchr(out_path, '.');
	int rc = figure_check_choice(f, choice->run != 0, err);

	if (!rc)
		rc = figure_check_y(f, choice->y, err);
	if (!rc)
		rc = figure_check(out_path, err);
	if (!rc && style && style->overlay)
		rc = overlay_read(style->overlay, f, &o, err);
	if (rc)
		goto out;
	snprintf(data_path, sizeof(data_path), "%.*s.dat", (int)(dot - out_path), out_path);
	rc = write_data(store, f, choice, &o, data_path, &vars, err);
	if (!rc)
		rc = check_overlay(&o, &vars, err);
	if (!rc && style)
		rc = figure_add_style(style, &vars, err);
	if (!rc)
		rc = figure_draw(f, data_path, vars.data, out_path, err);
out:
	overlay_release(&o);
	buf_release(&vars);
	return rc;
}
