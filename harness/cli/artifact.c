// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/cli/artifact.h"

#include <glob.h>
#include <libgen.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/dirs.h"
#include "base/log.h"
#include "base/process.h"
#include "base/sysfile.h"
#include "harness/cli/draw.h"
#include "harness/plan/experiment.h"
#include "base/unit.h"
#include "harness/run/version.h"
#include "plots/figure.h"
#include "results/origin.h"
#include "results/store.h"

#define FORMAT	       "fmbench artifact 1\n"
#define UNIT_FILE_MOST (1 << 20)

static int write_file(const char *dir, const char *name, const struct buf *content, mode_t mode,
		      struct err *err)
{
	char path[PATH_MAX];
	FILE *out;
	bool bad;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	out = fopen(path, "w");
	if (!out)
		return err_failed(err, errno, "cannot write %s", path);
	bad = fwrite(content->data, 1, content->len, out) != content->len;
	bad |= fclose(out) != 0;
	bad |= chmod(path, mode) != 0;
	return bad ? err_failed(err, errno, "cannot write %s", path) : 0;
}

/* --- what was typed --------------------------------------------------------------------------- */

struct words {
	char **words; /* NULL-ended */
	size_t nr;
};

static void words_add(struct words *w, char *word)
{
	w->words = xreallocarray(w->words, w->nr + 2, sizeof(*w->words));
	w->words[w->nr++] = word;
	w->words[w->nr] = NULL;
}

static void words_release(struct words *w)
{
	for (size_t i = 0; i < w->nr; i++)
		free(w->words[i]);
	free(w->words);
}

/* The words of a stored command, which main.c has quoted for the shell: '…' and \'. */
static void split(const char *line, struct words *ret)
{
	while (*line) {
		struct buf word = BUF_INIT;
		bool quoted = false;

		for (; *line && (quoted || *line != ' '); line++) {
			if (*line == '\'')
				quoted = !quoted;
			else if (*line == '\\' && !quoted && line[1])
				buf_add(&word, ++line, 1);
			else
				buf_add(&word, line, 1);
		}
		words_add(ret, buf_steal(&word));
		line += *line == ' ';
	}
}

/* As one more word of a shell's line. */
static void add_quoted(struct buf *b, const char *word)
{
	if (*word && !word[strcspn(word, " \t\n'\"\\$`|&;<>()*?[]#~!{}")]) {
		buf_addf(b, " %s", word);
		return;
	}
	buf_adds(b, " '");
	for (; *word; word++)
		buf_adds(b, *word == '\'' ? "'\\''" : (char[]){ *word, '\0' });
	buf_adds(b, "'");
}

struct script {
	const char *dir;
	struct buf text;     /* begins with an empty line */
	struct buf programs; /* that the runs start: "need ./a", "need gzip", a line each */
	struct buf left_out; /* those of them that were named by where they lay: " ./a /opt/b" */
};

/* Options that say where runs go on this machine, or which of them a task of a cluster makes. */
static bool is_local(const char *word, bool *ret_takes_next)
{
	static const char *const options[] = { "--db", "--state-dir", "--block", "--lab",
					       "--units" };

	*ret_takes_next = false;
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		size_t len = strlen(options[i]);

		if (strncmp(word, options[i], len) == 0 && (!word[len] || word[len] == '=')) {
			*ret_takes_next = !word[len];
			return true;
		}
	}
	return strcmp(word, "--in-lab") == 0;
}

/* An experiment's file goes into the artifact; the script names it there. */
static int add_experiment(const struct script *s, const char *word, struct buf *line,
			  struct err *err)
{
	char found[PATH_MAX], dir[PATH_MAX];
	const char *const files[] = { found, NULL };
	struct buf place = BUF_INIT;
	int rc;

	if (!experiment_find(word, found, sizeof(found)))
		snprintf(found, sizeof(found), "%s", word);
	if (access(found, R_OK) != 0)
		return err_missing(err,
				   "the experiment %s, which made some of the runs, is not here: "
				   "start where it is, as `fmbench sweep %s` did",
				   word, word);
	snprintf(dir, sizeof(dir), "%s/experiments", s->dir);
	rc = make_dirs(dir, 0777, err);
	if (!rc)
		rc = copy_into(dir, files, err);
	buf_addf(&place, "experiments/%s", strrchr(found, '/') ? strrchr(found, '/') + 1 : found);
	add_quoted(line, place.data);
	buf_release(&place);
	return rc;
}

/* A word that a sweep takes for its file: it ends with .ini, or is the name of one of fmbench's own. */
static bool is_experiment(const char *word)
{
	const char *ending = strrchr(word, '.');
	char found[PATH_MAX];

	return (ending && strcmp(ending, ".ini") == 0) ||
	       experiment_find(word, found, sizeof(found));
}

/* The runs need this program. Programs are machine code of one kind of machine: none is copied. */
static void add_program(struct script *s, const char *program)
{
	struct buf line = BUF_INIT;

	buf_adds(&line, "need");
	add_quoted(&line, program);
	buf_adds(&line, "\n");
	if (!s->programs.len || !strstr(s->programs.data, line.data)) {
		buf_adds(&s->programs, line.data);
		if (strchr(program, '/'))
			add_quoted(&s->left_out, program);
	}
	buf_release(&line);
}

static int add_command(void *arg, const char *command, bool in_lab, struct err *err)
{
	struct script *s = arg;
	struct words w = { 0 };
	struct buf line = BUF_INIT;
	bool options = true, sweep = false, skip;
	int rc = 0;

	buf_adds(&line, in_lab ? "\nrepeat --in-lab" : "\nrepeat");
	split(command, &w);
	for (size_t i = 1; i < w.nr && !rc; i++) {
		options &= strcmp(w.words[i], "--") != 0;
		if (options && is_local(w.words[i], &skip))
			i += skip;
		else if (sweep && is_experiment(w.words[i]))
			rc = add_experiment(s, w.words[i], &line, err);
		else
			add_quoted(&line, w.words[i]);
		if (i > 1 && !options && strcmp(w.words[i - 1], "--") == 0)
			add_program(s, w.words[i]);
		sweep |= options && i < w.nr && strcmp(w.words[i], "sweep") == 0;
	}
	buf_adds(&line, "\n");
	/* Tasks of a cluster differ in what was left out alone. */
	if (!strstr(s->text.data, line.data))
		buf_adds(&s->text, line.data + 1);
	words_release(&w);
	buf_release(&line);
	return rc;
}

static const char script_head[] =
	"#!/bin/sh\n"
	"# Makes the runs of this artifact anew, into " ARTIFACT_REPEATED
	", and says which of its\n"
	"# claims hold here. It wants fmbench in PATH, or in FMBENCH.\n"
	"set -u\n"
	"programs=${FMBENCH_PROGRAMS:-$PWD}\n"
	"cd \"$(dirname \"$0\")\" || exit\n"
	"fmbench=${FMBENCH:-fmbench}\n"
	"export FMBENCH_DB=" ARTIFACT_REPEATED "\n"
	"if [ -d units ]; then\n"
	"	export FMBENCH_UNITS=\"$PWD/units\"\n"
	"fi\n"
	"\n"
	"# 7: finished, but a number is not to be trusted, and is in no claim.\n"
	"repeat() {\n"
	"	\"$fmbench\" \"$@\"\n"
	"	status=$?\n"
	"	[ $status -eq 0 ] || [ $status -eq 7 ] || exit $status\n"
	"}\n"
	"\n";

/* Nothing is run before all programs are found. A name with ".." would lead out of the artifact: no link is
 * made there. */
static const char script_need[] =
	"# The programs that the runs start. One that is named by a place lies there, as seen from\n"
	"# here, or below $FMBENCH_PROGRAMS (else: where you started this), and is linked to.\n"
	"missing=\n"
	"need() {\n"
	"	case $1 in\n"
	"	/* | *..*) ;;\n"
	"	*/*)\n"
	"		if [ ! -x \"$1\" ] && [ -x \"$programs/$1\" ]; then\n"
	"			mkdir -p \"$(dirname \"$1\")\" && ln -sf \"$programs/$1\" \"$1\" || exit\n"
	"		fi\n"
	"		;;\n"
	"	esac\n"
	"	command -v \"$1\" >/dev/null || missing=\"$missing $1\"\n"
	"}\n"
	"%s"
	"if [ \"$missing\" ]; then\n"
	"	echo \"missing:$missing; the runs start it: put it below $PWD, or name the directory that\" \\\n"
	"		\"has it: fmbench artifact --check PATH --programs DIR. Nothing was run\" >&2\n"
	"	exit 3\n"
	"fi\n"
	"\n";

static int write_script(struct store *store, const char *dir, struct buf *ret_commands,
			struct buf *ret_left_out, struct err *err)
{
	struct script s = {
		.dir = dir, .text = BUF_INIT, .programs = BUF_INIT, .left_out = BUF_INIT
	};
	struct buf all = BUF_INIT;
	int rc;

	buf_adds(&s.text, "\n");
	rc = origin_commands(store, add_command, &s, err);
	buf_adds(&all, script_head);
	if (s.programs.len)
		buf_addf(&all, script_need, s.programs.data);
	buf_addf(&all, "%s\nexec \"$fmbench\" artifact --judge .\n", s.text.data + 1);
	if (!rc)
		rc = write_file(dir, "repeat.sh", &all, 0755, err);
	buf_adds(ret_commands, s.text.data + 1);
	if (s.left_out.len)
		log_warn("not in the artifact:%s; who repeats it has them under these names, "
			 "or gives --programs DIR",
			 s.left_out.data);
	buf_adds(ret_left_out, s.left_out.len ? s.left_out.data : "");
	buf_release(&s.left_out);
	buf_release(&s.programs);
	buf_release(&s.text);
	buf_release(&all);
	return rc;
}

/* --- units ---------------------------------------------------------------------------------- */

/* A unit may name files beside its own: all of its directory that are no larger than a script is. */
static int copy_unit_dir(const char *from, const char *to, struct err *err)
{
	char pattern[PATH_MAX + 4];
	const char *one[] = { NULL, NULL };
	struct stat st;
	glob_t files;
	int rc = 0;

	snprintf(pattern, sizeof(pattern), "%s/*", from);
	if (glob(pattern, 0, NULL, &files) != 0)
		return 0;
	for (size_t i = 0; i < files.gl_pathc && !rc; i++) {
		one[0] = files.gl_pathv[i];
		if (stat(one[0], &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= UNIT_FILE_MOST)
			rc = copy_into(to, one, err);
	}
	globfree(&files);
	return rc;
}

static bool comes_with_fmbench(const char *path)
{
	char units[PATH_MAX], real[PATH_MAX];

	return process_share(units, sizeof(units), "units") == 0 && realpath(units, real) &&
	       strncmp(path, real, strlen(real)) == 0;
}

/* The user's own. */
static int copy_units(const char *dir, struct err *err)
{
	char to[PATH_MAX], path[PATH_MAX], last[PATH_MAX] = "";
	const char *from;
	int rc = 0;

	snprintf(to, sizeof(to), "%s/units", dir);
	for (size_t i = 0; i < nr_units && !rc; i++) {
		if (comes_with_fmbench(units_all[i]->path))
			continue;
		snprintf(path, sizeof(path), "%s", units_all[i]->path);
		from = dirname(path);
		if (strcmp(from, last) == 0)
			continue;
		rc = make_dirs(to, 0777, err);
		if (!rc)
			rc = copy_unit_dir(from, to, err);
		strcpy(last, from);
	}
	return rc;
}

/* --- the rest ------------------------------------------------------------------------------- */

static int draw_figures(struct store *store, const char *dir, struct err *err)
{
	static const struct figure_choice all;
	char path[PATH_MAX];
	int rc;

	if (figure_check("figure.pdf", err)) {
		log_warn("the artifact has no figures: %s", err->msg);
		return 0;
	}
	snprintf(path, sizeof(path), "%s/figures", dir);
	rc = make_dirs(path, 0777, err);
	for (size_t i = 0; figure_table[i].name && !rc; i++) {
		snprintf(path, sizeof(path), "%s/figures/%s.pdf", dir, figure_table[i].name);
		rc = draw_figure(store, &figure_table[i], &all, NULL, path, err);
		if (rc == -ENODATA) /* nothing of its kind was measured */
			rc = 0;
	}
	return rc;
}

static void add_claims(struct buf *b, const struct claims *claims)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort();
	claims_print(claims, NULL, NULL, out);
	fclose(out);
	buf_adds(b, claims->nr ? text
			       : "  none: a claim needs two runs a cell, and two ratios or "
				 "backends\n");
	free(text);
}

static int write_readme(const char *dir, const struct claims *claims, const struct buf *commands,
			const struct buf *left_out, struct err *err)
{
	struct buf b = BUF_INIT;
	int rc;

	buf_addf(
		&b,
		"# Runs of fmbench, to repeat\n\n"
		"`./repeat.sh` makes the runs anew on your machine (fmbench in `PATH`) and says which\n"
		"claims hold there; `fmbench artifact --check` does that from the archive. Both run the\n"
		"commands below: read them first if you do not know who wrote them.\n\n"
		"A claim is a ratio, with its 95 %% interval. It holds where the ratio here lies on the\n"
		"same side of 1, or can't be told from 1 as there. Times are no claims.\n\n"
		"Claims:\n\n%s",
		"");
	add_claims(&b, claims);
	buf_addf(&b,
		 "\nCommands (`repeat` is fmbench):\n\n```\n%s```\n\n"
		 "`" ARTIFACT_STORED "` has the runs (`fmbench --db " ARTIFACT_STORED
		 " report`), `machines.json`\n"
		 "where they were made, `figures/` what they show. Written by fmbench %s.\n",
		 commands->data, fmbench_version);
	if (left_out->len)
		buf_addf(
			&b,
			"\nPrograms that these commands start are not in here:%s. Build them for your\n"
			"machine, and start `repeat.sh` or `fmbench artifact --check` from the directory in\n"
			"which they have these names, or name that directory: `--programs DIR`\n"
			"(`FMBENCH_PROGRAMS=DIR ./repeat.sh`). The runs' directory is this one: what a program\n"
			"reads by a relative name is put beside `repeat.sh`.\n",
			left_out->data);
	rc = write_file(dir, "README.md", &b, 0644, err);
	buf_release(&b);
	return rc;
}

static int write_machines(struct store *store, const char *dir, struct err *err)
{
	struct buf b = BUF_INIT;
	int rc = origin_machines(store, &b, err);

	if (!rc)
		rc = write_file(dir, "machines.json", &b, 0644, err);
	buf_release(&b);
	return rc;
}

static int write_mark(const char *dir, struct err *err)
{
	struct buf b = BUF_INIT;
	int rc;

	buf_adds(&b, FORMAT);
	rc = write_file(dir, ARTIFACT_MARK, &b, 0644, err);
	buf_release(&b);
	return rc;
}

/* A copy of the runs that the artifact is about, left open. */
static int copy_runs(const char *dir, const char *db, const char *experiment, struct store **ret,
		     struct err *err)
{
	struct store *from = NULL;
	char path[PATH_MAX];
	int rc = store_open(db, STORE_READ, &from, err);

	snprintf(path, sizeof(path), "%s/" ARTIFACT_STORED, dir);
	if (!rc)
		rc = store_copy(from, path, err);
	store_close(from);
	if (!rc)
		rc = store_open(path, STORE_WRITE, ret, err);
	if (!rc && experiment)
		rc = origin_keep(*ret, experiment, err);
	return rc;
}

int artifact_write(const char *dir, const char *db, const char *experiment, size_t *ret_claims,
		   struct err *err)
{
	struct store *store = NULL;
	struct buf commands = BUF_INIT, left_out = BUF_INIT;
	struct claims claims = { 0 };
	int rc = copy_runs(dir, db, experiment, &store, err);

	if (!rc)
		rc = claims_load(store, &claims, err);
	if (!rc)
		rc = write_script(store, dir, &commands, &left_out, err);
	if (!rc)
		rc = copy_units(dir, err);
	if (!rc)
		rc = write_machines(store, dir, err);
	if (!rc)
		rc = draw_figures(store, dir, err);
	store_close(store);
	if (!rc)
		rc = write_readme(dir, &claims, &commands, &left_out, err);
	if (!rc)
		rc = write_mark(dir, err);
	*ret_claims = claims.nr;
	claims_release(&claims);
	buf_release(&commands);
	buf_release(&left_out);
	return rc;
}

int artifact_recognise(const char *dir, struct err *err)
{
	struct buf b = BUF_INIT;
	char path[PATH_MAX];
	bool known;

	snprintf(path, sizeof(path), "%s/" ARTIFACT_MARK, dir);
	known = sysfile_read(path, &b) == 0 && strcmp(b.data, FORMAT) == 0;
	buf_release(&b);
	return known ? 0 : err_usage(err, "%s is no artifact of fmbench", dir);
}
