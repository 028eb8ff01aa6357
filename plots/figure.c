// SPDX-License-Identifier: GPL-2.0-or-later
#include "plots/figure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/child.h"
#include "base/embed.h"
#include "base/find_program.h"

EMBED(head_gp, "plots/head.gp");

#define GNUPLOT_MS 60000

/* "pdf" of "out.pdf", or NULL for an ending that can't be drawn. */
static const char *picture_kind(const char *out_path)
{
	static const char *const kinds[] = { "pdf", "png", "svg" };
	const char *name = strrchr(out_path, '/');
	const char *dot = strrchr(name ? name + 1 : out_path, '.');

	for (size_t i = 0; dot && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(dot + 1, kinds[i]) == 0)
			return kinds[i];
	}
	return NULL;
}

int figure_check(const char *out_path, struct err *err)
{
	if (!picture_kind(out_path))
		return err_usage(err, "cannot draw %s: name a file that ends in .pdf, .png or .svg",
				 out_path);
	if (!find_program("gnuplot", NULL, 0))
		return err_missing(err,
				   "figures need gnuplot: apt install gnuplot-nox (or make deps)");
	return 0;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* path with its ending exchanged, on the heap. */
static char *with_ending(const char *path, const char *ending)
{
	struct buf b = BUF_INIT;
	const char *dot = strrchr(base_name(path), '.');

	buf_add(&b, path, dot ? (size_t)(dot - path) : strlen(path));
	buf_adds(&b, ending);
	return buf_steal(&b);
}

/* name = here.'file' for a neighbour of the script, so that a folder can be moved; else its full
 * path. */
static void add_path(struct buf *b, const char *name, const char *path, const char *script)
{
	size_t dir = (size_t)(base_name(script) - script);
	bool neighbour = (size_t)(base_name(path) - path) == dir && strncmp(path, script, dir) == 0;
	char *full = neighbour ? xstrdup(base_name(path)) : realpath(path, NULL);

	buf_addf(b, "%s = %s'", name, neighbour ? "here." : "");
	for (const char *p = full ? full : path; *p; p++)
		buf_adds(b, *p == '\'' ? "''" : (char[]){ *p, '\0' });
	buf_adds(b, "'\n");
	free(full);
}

static int write_script(const struct figure *f, const char *data_path, const char *vars,
			const char *out_path, const char *script, struct err *err)
{
	struct buf b = BUF_INIT;
	FILE *file = fopen(script, "w");

	if (!file)
		return err_failed(err, errno, "cannot write %s", script);
	buf_addf(&b, "# fmbench figure %s. Draw it again: gnuplot %s\n\n", f->name,
		 base_name(script));
	buf_addf(&b, "here = ARG0[1 : strlen(ARG0) - %zu]\n", strlen(base_name(script)));
	add_path(&b, "data", data_path, script);
	add_path(&b, "out", out_path, script);
	buf_addf(&b, "kind = '%s'\n%s\n%s\n%s", picture_kind(out_path), vars ? vars : "", head_gp,
		 f->gp);
	fwrite(b.data, 1, b.len, file);
	buf_release(&b);
	/* Both, to see an error that only closing tells. */
	return ferror(file) | fclose(file) ? err_failed(err, errno, "cannot write %s", script) : 0;
}

static int run_gnuplot(const char *script, const char *log, struct err *err)
{
	char program[] = "gnuplot";
	char *argument = xstrdup(script);
	char *argv[] = { program, argument, NULL };
	struct child child = CHILD_INIT;
	char how[128], tail[512];
	int rc = child_spawn(&child, argv, NULL, CHILD_LOG, log, err);

	if (rc)
		goto out;
	rc = child_wait(&child, GNUPLOT_MS, err);
	if (rc < 0)
		goto out;
	if (rc == 0) {
		rc = err_failed(err, ETIMEDOUT, "gnuplot %s did not end within a minute", script);
		goto out;
	}
	rc = 0;
	child_log_tail(log, tail, sizeof(tail));
	if (child.status) {
		child_describe(&child, how, sizeof(how));
		rc = err_failed(err, 0, "gnuplot %s %s: %s", script, how, tail);
	}
out:
	child_release(&child);
	free(argument);
	return rc;
}

int figure_draw(const struct figure *f, const char *data_path, const char *vars,
		const char *out_path, struct err *err)
{
	char *script, *log;
	int rc = figure_check(out_path, err);

	if (rc)
		return rc;
	script = with_ending(out_path, ".gp");
	log = with_ending(out_path, ".gp.log");
	unlink(log);
	rc = write_script(f, data_path, vars, out_path, script, err);
	if (!rc)
		rc = run_gnuplot(script, log, err);
	unlink(log);
	free(script);
	free(log);
	return rc;
}
