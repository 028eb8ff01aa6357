// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/plan/mix.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/inifile.h"
#include "base/names.h"
#include "harness/plan/arrivals.h"
#include "harness/plan/mix_opts.h"
#include "harness/run/identity.h"

#define MAX_JOBS 1000000

struct all {
	struct mix_options o;
};

const struct opt mix_opts[] = { MIX_OPTS(struct all, o), MACHINE_OPTS(struct all, o), OPT_END };

/* Keys of [job NAME] that are not the workload's. */
struct job_keys {
	char *workload, *command, *arrivals, *profile;
	uint64_t count, cores, peak_bytes, alone_ns;
	double least, ratio;
};

static const struct opt job_opts[] = {
	OPT_STRING("workload", struct job_keys, workload, NULL,
		   "what runs, where NAME is no workload"),
	OPT_STRING("command", struct job_keys, command, NULL, "of workload command"),
	OPT_STRING("arrivals", struct job_keys, arrivals, NULL, "when they come"),
	OPT_STRING("profile", struct job_keys, profile, NULL,
		   "stated, as RATIO:SLOWDOWN after another"),
	OPT_U64("count", struct job_keys, count, "0", 0, MAX_JOBS, "how many"),
	OPT_U64("cores", struct job_keys, cores, "0", 0, 1024, "that each claims for itself"),
	OPT_SIZE("peak", struct job_keys, peak_bytes, NULL, 1 << 20, 1e15, "stated"),
	OPT_DURATION("alone", struct job_keys, alone_ns, NULL, 0, 6048e11, "stated"),
	OPT_DOUBLE("ratio-min", struct job_keys, least, NULL, 0.01, 1, "admitted with"),
	OPT_DOUBLE("ratio", struct job_keys, ratio, NULL, 0.01, 1, "its own"),
	OPT_END,
};

static int fail_at(const struct mix *m, unsigned int line, struct err *err)
{
	if (m->path)
		err_prefix(err, "%s:%u", m->path, line);
	err->kind = ERR_USAGE;
	return -EINVAL;
}

/* --- entries ---------------------------------------------------------------------------------- */

static struct mix_entry *add_entry(struct mix *m, const char *label, const struct workload *w)
{
	struct mix_entry *e;

	m->entries = xreallocarray(m->entries, m->nr_entries + 1, sizeof(*m->entries));
	e = &m->entries[m->nr_entries++];
	*e = (struct mix_entry){ .label = xstrdup(label), .workload = w };
	e->params = xcalloc(1, w->params_size + 1);
	opt_defaults(w->opts, e->params);
	return e;
}

/* A line of the user's goes to a shell, as it would when typed. */
static char **argv_of(const char *line)
{
	char **argv = xcalloc(4, sizeof(*argv));
	size_t len = strlen(line);
	bool quoted = len > 1 && strchr("\"'", line[0]) && line[len - 1] == line[0];

	argv[0] = xstrdup("sh");
	argv[1] = xstrdup("-c");
	argv[2] = quoted ? strndup(line + 1, len - 2) : xstrdup(line);
	return argv;
}

static int set_key(struct mix_entry *e, struct job_keys *keys, const struct ini_entry *entry,
		   struct err *err)
{
	const char *names[64];
	char what[96];
	size_t nr = 0;

	snprintf(what, sizeof(what), "[job %.64s]", e->label);
	if (opt_find(job_opts, entry->key))
		return opt_set(job_opts, keys, entry->key, entry->value, what, err);
	if (opt_find(e->workload->opts, entry->key))
		return opt_set(e->workload->opts, e->params, entry->key, entry->value, what, err);
	for_each_opt (o, job_opts)
		names[nr++] = o->name;
	for_each_opt (o, e->workload->opts) {
		if (nr < 63)
			names[nr++] = o->name;
	}
	names[nr] = NULL;
	return err_unknown(err, did_you_mean(entry->key, names), "see doc/CORUN.md",
			   "%s has no '%s'", what, entry->key);
}

/* "0.25:4 0.5:1.5": ratio 1 is 1. */
static int parse_profile(const char *text, struct curve *c, struct err *err)
{
	char word[64];

	c->points = NULL;
	c->nr = 0;
	for (text += strspn(text, " ,"); *text; text += strspn(text, " ,")) {
		size_t len = strcspn(text, " ,");
		struct curve_point point = { .low = NAN, .high = NAN, .nr = 1 };
		char *colon;

		snprintf(word, sizeof(word), "%.*s", (int)len, text);
		text += len;
		colon = strchr(word, ':');
		if (colon)
			*colon = '\0';
		if (!colon || parse_double(word, &point.ratio) ||
		    parse_double(colon + 1, &point.slowdown) || !(point.ratio > 0) ||
		    !(point.ratio < 1) || !(point.slowdown >= 1) ||
		    (c->nr && (point.ratio <= c->points[c->nr - 1].ratio ||
			       point.slowdown > c->points[c->nr - 1].slowdown)))
			return err_usage(
				err,
				"profile: '%s' is no RATIO:SLOWDOWN such as 0.5:1.3, ratios rising "
				"and below 1, slowdowns falling",
				word);
		c->points = xreallocarray(c->points, c->nr + 2, sizeof(*c->points));
		c->points[c->nr++] = point;
	}
	if (!c->nr)
		return err_usage(err, "profile: it is empty; give RATIO:SLOWDOWN such as 0.5:1.3");
	c->points[c->nr++] =
		(struct curve_point){ .ratio = 1, .slowdown = 1, .low = NAN, .high = NAN };
	return 0;
}

static int take_keys(struct mix_entry *e, struct job_keys *keys, const struct mix_options *o,
		     struct err *err)
{
	if ((e->workload == &workload_command) != (keys->command != NULL))
		return err_usage(err,
				 keys->command
					 ? "[job %s] is no command: leave out 'command', or add "
					   "workload = command"
					 : "[job %s] runs which command? Add command = \"...\"",
				 e->label);
	e->argv = keys->command ? argv_of(keys->command) : NULL;
	e->arrivals = xstrdup(keys->arrivals ? keys->arrivals : "at 0s");
	e->count = keys->count;
	e->cores = keys->cores ? keys->cores : o->cores;
	e->peak_bytes = keys->peak_bytes;
	e->alone_ns = keys->alone_ns;
	e->least = keys->least > 0 ? keys->least : o->least;
	e->ratio = keys->ratio > 0 ? keys->ratio : o->ratio;
	if (keys->profile) {
		e->profiled = true;
		if (parse_profile(keys->profile, &e->profile.curve, err))
			return -EINVAL;
	}
	return arrivals_check(e->arrivals, err);
}

static const struct workload *workload_of(const char *name, struct err *err)
{
	const struct workload *w = workload_find(name, err);

	if (w && w->shape == WORKLOAD_LOOP) {
		err_usage(err, "%s times itself, so that it can't run beside other jobs", name);
		return NULL;
	}
	return w;
}

static int read_job(struct mix *m, const struct ini_section *s, const struct mix_options *o,
		    struct err *err)
{
	const struct ini_entry *named = ini_section_find(s, "workload");
	const char *label = s->name + strlen("job ");
	const struct workload *w = workload_of(named ? named->value : label, err);
	struct job_keys keys = { 0 };
	struct mix_entry *e;
	int rc = 0;

	if (!w) {
		if (!named)
			err_prefix(err, "[job %s] without workload = NAME", label);
		return fail_at(m, named ? named->line : s->line, err);
	}
	for (size_t i = 0; i < m->nr_entries; i++) {
		if (strcmp(m->entries[i].label, label) != 0)
			continue;
		err_usage(err,
			  "there is a [job %s] already: give this one another name, and workload = "
			  "%s",
			  label, w->name);
		return fail_at(m, s->line, err);
	}
	e = add_entry(m, label, w);
	e->line = s->line;
	opt_defaults(job_opts, &keys);
	for (size_t i = 0; i < s->nr_entries && !rc; i++) {
		if (set_key(e, &keys, &s->entries[i], err) != 0)
			rc = fail_at(m, s->entries[i].line, err);
	}
	if (!rc && take_keys(e, &keys, o, err) != 0)
		rc = fail_at(m, s->line, err);
	opt_release(job_opts, &keys);
	return rc;
}

/* --- [experiment] ----------------------------------------------------------------------------- */

static bool was_given(const struct opt *o, const struct mix_options *options)
{
	for (char *const *name = options->given; name && *name; name++) {
		if (opt_same_name(*name, o->name))
			return true;
	}
	return false;
}

/* What the command line said outweighs the file. */
static int read_head(struct mix *m, const struct ini_section *s, struct mix_options *o,
		     struct err *err)
{
	for (size_t i = 0; i < s->nr_entries; i++) {
		const struct ini_entry *entry = &s->entries[i];
		const struct opt *opt = opt_find(mix_opts, entry->key);

		if (opt && was_given(opt, o) && !opt->lines)
			continue;
		if (opt_set(mix_opts, o, entry->key, entry->value, "[experiment]", err) != 0)
			return fail_at(m, entry->line, err);
	}
	return 0;
}

static int read_file(struct mix *m, struct mix_options *o, struct err *err)
{
	struct inifile ini;
	int rc = inifile_read(m->path, &ini, err);

	if (!rc)
		rc = scale_apply(&ini, m->path, o->scale ? o->scale : scale_default(), err);

	if (!rc && (!ini.nr_sections || strcmp(ini.sections[0].name, "experiment") != 0))
		rc = err_usage(err, "%s:%u: an experiment begins with [experiment]", m->path,
			       ini.nr_sections ? ini.sections[0].line : 1);
	if (!rc)
		rc = read_head(m, &ini.sections[0], o, err);
	for (size_t i = 1; i < ini.nr_sections && !rc; i++) {
		const struct ini_section *s = &ini.sections[i];

		if (strncmp(s->name, "job ", 4) == 0)
			rc = read_job(m, s, o, err);
		else
			rc = err_usage(
				err,
				"%s:%u: [%s] is no section of a co-run; there are [experiment] and "
				"[job NAME] (`fmbench sweep` reads [run] and [micro])",
				m->path, s->line, s->name);
	}
	if (!rc && !m->nr_entries)
		rc = err_usage(err, "%s:%u: there is nothing to run; add [job WORKLOAD]", m->path,
			       ini.sections[0].line);
	inifile_release(&ini);
	return rc;
}

/* The same word twice is two jobs of one entry. */
static int read_words(struct mix *m, char *const *words, size_t nr, const struct mix_options *o,
		      struct err *err)
{
	for (size_t i = 0; i < nr; i++) {
		const struct workload *w = workload_of(words[i], err);
		struct mix_entry *e = NULL;

		if (!w)
			return -EINVAL;
		if (w == &workload_command)
			return err_usage(err,
					 "a command of yours is a job of a file: [job NAME] with "
					 "workload = command and command = \"...\"");
		for (size_t k = 0; k < m->nr_entries && !e; k++)
			e = m->entries[k].workload == w ? &m->entries[k] : NULL;
		if (e) {
			e->count++;
			continue;
		}
		e = add_entry(m, w->name, w);
		e->count = 1;
		e->arrivals = xstrdup("at 0s");
		e->cores = o->cores;
		e->least = o->least;
		e->ratio = o->ratio;
	}
	return 0;
}

static bool is_file(const char *word)
{
	size_t len = strlen(word);

	return strchr(word, '/') || (len > 4 && strcmp(word + len - 4, ".ini") == 0);
}

int mix_read(struct mix *m, char *const *words, size_t nr, struct mix_options *o, struct err *err)
{
	*m = (struct mix){ 0 };
	for (size_t i = 0; i < nr; i++) {
		if (is_file(words[i]) && nr > 1)
			return err_usage(err, "%s is a file: it has all the jobs, leave out '%s'",
					 words[i], words[i ? 0 : 1]);
	}
	if (!is_file(words[0]))
		return read_words(m, words, nr, o, err);
	m->path = words[0];
	return read_file(m, o, err);
}

int mix_set(struct mix *m, const char *pair, struct err *err)
{
	size_t len = strcspn(pair, ".="), key_len = strcspn(pair, "=");
	int found = 0, rc = 0;
	char what[64], key[64];

	snprintf(key, sizeof(key), "%.*s", (int)(key_len < 63 ? key_len : 63), pair);
	for (size_t i = 0; i < m->nr_entries && !rc; i++) {
		struct mix_entry *e = &m->entries[i];
		bool labelled = pair[len] == '.' && strlen(e->label) == len &&
				strncmp(e->label, pair, len) == 0;

		if (!labelled && !opt_find(e->workload->opts, key))
			continue;
		snprintf(what, sizeof(what), "workload %s", e->workload->name);
		rc = opt_set_pair(e->workload->opts, e->params, labelled ? pair + len + 1 : pair,
				  what, err);
		found++;
	}
	return rc ? rc : !found;
}

/* --- jobs ------------------------------------------------------------------------------------- */

static int by_arrival(const void *a, const void *b)
{
	const struct mix_job *ja = a, *jb = b;

	if (ja->arrival_s != jb->arrival_s)
		return ja->arrival_s > jb->arrival_s ? 1 : -1;
	return (ja->entry > jb->entry) - (ja->entry < jb->entry);
}

static void drop_jobs(struct mix *m)
{
	for (size_t i = 0; i < m->nr_jobs; i++)
		free(m->jobs[i].name);
	free(m->jobs);
	m->jobs = NULL;
	m->nr_jobs = 0;
}

static void add_jobs(struct mix *m, size_t entry, const double *times, size_t nr)
{
	const struct mix_entry *e = &m->entries[entry];

	m->jobs = xreallocarray(m->jobs, m->nr_jobs + nr + 1, sizeof(*m->jobs));
	for (size_t i = 0; i < nr; i++) {
		struct buf name = BUF_INIT;

		buf_addf(&name, nr > 1 ? "%s-%zu" : "%s", e->label, i + 1);
		m->jobs[m->nr_jobs++] = (struct mix_job){ .entry = entry,
							  .name = buf_steal(&name),
							  .arrival_s = times[i] };
	}
}

int mix_draw(struct mix *m, uint64_t seed, struct err *err)
{
	int rc = 0;

	drop_jobs(m);
	for (size_t i = 0; i < m->nr_entries && !rc; i++) {
		const struct mix_entry *e = &m->entries[i];
		double *times = NULL;
		size_t nr = 0;

		rc = arrivals_draw(e->arrivals, e->label, e->count, seed, &times, &nr, err);
		if (rc)
			fail_at(m, e->line, err);
		else
			add_jobs(m, i, times, nr);
		free(times);
	}
	if (rc)
		return rc;
	qsort(m->jobs, m->nr_jobs, sizeof(*m->jobs), by_arrival);
	return m->nr_jobs ? 0 : err_usage(err, "the mix has no job: raise count");
}

void mix_entry_json(const struct mix_entry *e, struct buf *b)
{
	struct job_spec job = { .name = e->label,
				.workload = e->workload,
				.params = e->params,
				.argv = e->argv,
				.ratio = 1 };

	run_workload_json(&job, b);
}

char *mix_describe(const struct mix *m)
{
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < m->nr_entries; i++) {
		const struct mix_entry *e = &m->entries[i];

		buf_addf(&b, "%s%s", i ? ", " : "", e->label);
		if (e->count > 1)
			buf_addf(&b, " x%llu", (unsigned long long)e->count);
		if (strcmp(e->arrivals, "at 0s") != 0)
			buf_addf(&b, " %s", e->arrivals);
	}
	return buf_steal(&b);
}

void mix_release(struct mix *m)
{
	for (size_t i = 0; i < m->nr_entries; i++) {
		struct mix_entry *e = &m->entries[i];

		opt_release(e->workload->opts, e->params);
		free(e->params);
		for (size_t k = 0; e->argv && e->argv[k]; k++)
			free(e->argv[k]);
		free(e->argv);
		free(e->arrivals);
		free(e->label);
		if (e->profiled)
			profile_release(&e->profile);
	}
	free(m->entries);
	drop_jobs(m);
	*m = (struct mix){ 0 };
}
