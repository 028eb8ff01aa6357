// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/plan/experiment.h"

#include <ctype.h>
#include <fnmatch.h>
#include <glob.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/names.h"
#include "base/inifile.h"
#include "base/process.h"
#include "harness/plan/ratios.h"
#include "harness/plan/scale.h"
#include "harness/run/run_opts.h"
#include "harness/run/sets.h"
#include "micro/micro.h"
#include "plots/figure.h"

#define MAX_CELLS 100000
#define MAX_NAMES 128

struct settings {
	struct run_settings run;
};

static const struct opt setting_opts[] = { RUN_SETTINGS_OPTS(struct settings, run), OPT_END };

static const struct opt head_opts[] = {
	OPT_STRING("name", struct experiment, name, NULL, "the label of its runs"),
	OPT_STRING("question", struct experiment, question, NULL, "what it answers"),
	OPT_STRING("figure", struct experiment, figure, NULL, "what draws the answer"),
	OPT_U64("repeat", struct experiment, repeat, "1", 1, 10000, "rounds"),
	OPT_U64("seed", struct experiment, seed, "1", 0, 9e18, "of workloads and order"),
	OPT_END,
};

struct list {
	char **items;
	size_t nr;
};

/* One key of a section, and the values it takes in turn. */
struct axis {
	const struct ini_entry *entry;
	const struct opt *opts, *opt;  /* NULL: the user's command */
	const struct backend *backend; /* whose option it is, or NULL */
	struct list values;
	size_t at; /* the value whose turn it is */
};

/* A section while cells are made of it. */
struct section {
	struct experiment *e;
	const char *path;
	const struct ini_section *ini;
	const struct workload *unit;
	bool micro;
	struct ratios ratios;
	const struct backend **backends;
	size_t nr_backends;
	struct axis *axes;
	size_t nr_axes;
};

/* --- lists ---------------------------------------------------------------------------------- */

static int fail_at(const char *path, unsigned int line, struct err *err)
{
	err_prefix(err, "%s:%u", path, line);
	err->kind = ERR_USAGE;
	return -EINVAL;
}

static void list_add(struct list *l, const char *text, size_t len)
{
	l->items = xreallocarray(l->items, l->nr + 1, sizeof(*l->items));
	l->items[l->nr] = strndup(text, len);
	if (!l->items[l->nr++])
		abort();
}

static void list_release(struct list *l)
{
	for (size_t i = 0; i < l->nr; i++)
		free(l->items[i]);
	free(l->items);
	memset(l, 0, sizeof(*l));
}

static bool list_has(const struct list *l, const char *item)
{
	for (size_t i = 0; i < l->nr; i++) {
		if (strcmp(l->items[i], item) == 0)
			return true;
	}
	return false;
}

/* Items stand between commas or blanks; quotes hold an item with either together: " or ', whichever it
 * has not itself. */
static int list_parse(const struct ini_entry *entry, struct list *l, struct err *err)
{
	const char *between = ", \t", *p = entry->value;

	for (p += strspn(p, between); *p; p += strspn(p, between)) {
		size_t len = strcspn(p, between);

		char quote = *p == '"' || *p == '\'' ? *p++ : '\0';

		if (quote) {
			const char *end = strchr(p, quote);

			if (!end)
				return err_usage(err, "%s: a quote is open; close it with %c",
						 entry->key, quote);
			len = (size_t)(end - p);
		}
		list_add(l, p, len);
		if (l->nr > 1 &&
		    list_has(&(struct list){ l->items, l->nr - 1 }, l->items[l->nr - 1]))
			return err_usage(err, "%s has '%s' twice; for more runs of each set repeat",
					 entry->key, l->items[l->nr - 1]);
		p += len + (quote != '\0');
	}
	if (!l->nr)
		return err_usage(err, "%s has no value; leave it out for the default", entry->key);
	return 0;
}

/* "1-4" stands for 1 2 3 4. */
static int list_expand_ranges(struct list *l, struct err *err)
{
	struct list whole = { 0 };
	int rc = 0;

	for (size_t i = 0; i < l->nr && !rc; i++) {
		char *copy = xstrdup(l->items[i]), *dash = strchr(copy, '-');
		uint64_t first, last;

		if (dash)
			*dash = '\0';
		if (parse_u64(copy, &first) != 0 || parse_u64(dash ? dash + 1 : copy, &last) != 0 ||
		    first < 1 || last < first || last > 1024)
			rc = err_usage(err,
				       "cores: '%s' is neither a number nor a range such as 1-4",
				       l->items[i]);
		for (; !rc && first <= last; first++) {
			char number[24];

			snprintf(number, sizeof(number), "%llu", (unsigned long long)first);
			if (!list_has(&whole, number))
				list_add(&whole, number, strlen(number));
		}
		free(copy);
	}
	list_release(l);
	*l = whole;
	return rc;
}

/* --- keys ----------------------------------------------------------------------------------- */

/* FILE of a key set.FILE, or NULL. */
static const char *set_file(const char *key)
{
	return strncmp(key, "set.", 4) == 0 ? key + 4 : NULL;
}

/* The label is the experiment's name: not a setting of the file. A kernel setting is a key each. */
static const struct opt *find_setting(const char *key)
{
	if (set_file(key))
		return opt_find(setting_opts, "set");
	if (opt_same_name("experiment", key) || opt_same_name("set", key))
		return NULL;
	return opt_find(setting_opts, key);
}

static void add_names(const struct opt *opts, const char **names, size_t *nr)
{
	for_each_opt (o, opts) {
		if (*nr < MAX_NAMES - 1 && strcmp(o->name, "experiment") != 0)
			names[(*nr)++] = o->name;
	}
	names[*nr] = NULL;
}

static int unknown_key(const char *where, const char *key, const struct opt *opts,
		       const char *const *more, struct err *err)
{
	const char *names[MAX_NAMES];
	size_t nr = 0;

	for (; *more; more++)
		names[nr++] = *more;
	add_names(opts, names, &nr);
	add_names(setting_opts, names, &nr);
	return err_unknown(err, did_you_mean(key, names), "see experiments/README.md",
			   "[%s] has no '%s'", where, key);
}

/* --- [experiment] --------------------------------------------------------------------------- */

static int check_name(const char *name, struct err *err)
{
	const char *c = name;

	while (isalnum((unsigned char)*c) || (*c && strchr("._-", *c) && c != name))
		c++;
	if (*c || strlen(name) > 100)
		return err_usage(err,
				 "name '%s' is no name for files: letters, digits, '.', '_' "
				 "and '-' make one",
				 name);
	return 0;
}

static int read_head_entry(struct experiment *e, const struct ini_entry *entry, struct err *err)
{
	static const char *const none[] = { NULL };
	int rc;

	if (!opt_find(head_opts, entry->key))
		return find_setting(entry->key)
			       ? 0
			       : unknown_key("experiment", entry->key, head_opts, none, err);
	rc = opt_set(head_opts, e, entry->key, entry->value, "experiment", err);
	if (!rc && e->name && opt_same_name(entry->key, "name"))
		rc = check_name(e->name, err);
	if (!rc && e->figure && opt_same_name(entry->key, "figure") && !figure_find(e->figure, err))
		rc = -EINVAL;
	return rc;
}

static int read_head(struct experiment *e, const char *path, const struct ini_section *s,
		     struct err *err)
{
	opt_defaults(head_opts, e);
	for (size_t i = 0; i < s->nr_entries; i++) {
		if (read_head_entry(e, &s->entries[i], err) != 0)
			return fail_at(path, s->entries[i].line, err);
	}
	if (!e->name)
		return err_usage(err, "%s:%u: [experiment] has no name; its runs are found by it",
				 path, s->line);
	return 0;
}

/* --- the axes of a [run] or [micro] section -------------------------------------------------- */

static void add_axis(struct section *s, const struct axis *axis)
{
	s->axes = xreallocarray(s->axes, s->nr_axes + 1, sizeof(*s->axes));
	s->axes[s->nr_axes++] = *axis;
}

static int find_unit(struct section *s, struct err *err)
{
	const char *name = s->ini->name;

	if (strncmp(name, "run ", 4) == 0) {
		s->unit = workload_find(name + 4, err);
	} else if (strncmp(name, "micro ", 6) == 0) {
		s->micro = true;
		s->unit = micro_find(name + 6, err);
	} else {
		err_usage(err,
			  "[%s] is no section; there are [experiment], [run WORKLOAD] and "
			  "[micro NAME]",
			  name);
	}
	return s->unit ? 0 : -EINVAL;
}

static int read_ratios(struct section *s, struct err *err)
{
	const struct ini_entry *entry = ini_section_find(s->ini, "ratio");
	struct list words = { 0 };
	double ratio;
	int rc = 0;

	if (!entry) {
		ratios_add(&s->ratios, 1);
		return 0;
	}
	if (s->unit->shape == WORKLOAD_LOOP)
		rc = err_usage(err,
			       "micro %s sets its limit itself (local = SIZE): leave out ratio",
			       s->unit->name);
	else
		rc = list_parse(entry, &words, err);
	for (size_t i = 0; i < words.nr && !rc; i++) {
		rc = ratio_parse(words.items[i], &ratio, err);
		if (!rc)
			ratios_add(&s->ratios, ratio);
	}
	list_release(&words);
	return rc ? fail_at(s->path, entry->line, err) : 0;
}

static bool needs_far(const struct section *s)
{
	bool far = s->unit->limit;

	for (size_t i = 0; i < s->ratios.nr; i++)
		far |= s->ratios.values[i] < 1;
	return far;
}

/* An experiment that takes whatever backend there is could not be repeated: it names them. */
static int read_backends(struct section *s, struct err *err)
{
	const struct ini_entry *entry = ini_section_find(s->ini, "backend");
	struct list names = { 0 };
	int rc = 0;

	if (entry)
		rc = list_parse(entry, &names, err);
	else if (needs_far(s))
		return err_usage(err,
				 "%s:%u: [%s] takes memory away, but has no backend for it: "
				 "add one such as backend = zram",
				 s->path, s->ini->line, s->ini->name);
	else
		list_add(&names, backend_none.name, strlen(backend_none.name));
	s->backends = xcalloc(names.nr + 1, sizeof(*s->backends));
	for (size_t i = 0; i < names.nr && !rc; i++) {
		const struct backend *b = backend_find(names.items[i], err);

		if (b)
			s->backends[s->nr_backends++] = b;
		else
			rc = -EINVAL;
	}
	list_release(&names);
	return rc && entry ? fail_at(s->path, entry->line, err) : rc;
}

static const struct backend *backend_of_key(const struct section *s, const char *key)
{
	for (size_t i = 0; i < s->nr_backends; i++) {
		if (backend_key(s->backends[i], key))
			return s->backends[i];
	}
	return NULL;
}

/* Whose key is it? The unit's own option goes before a setting of the same name. */
static int resolve(const struct section *s, struct axis *axis, struct err *err)
{
	static const char *const more[] = { "ratio", "backend", "cores", "command", NULL };
	const char *key = axis->entry->key;

	axis->backend = backend_of_key(s, key);
	if (axis->backend) {
		key = backend_key(axis->backend, key);
		axis->opts = axis->backend->opts;
		axis->opt = opt_find(axis->opts, key);
		if (axis->opt && axis->opt->type == OPT_T_SECRET)
			return opt_refuse_secret(axis->opt, axis->backend->name, err);
		return axis->opt ? 0
				 : err_usage(err,
					     "backend %s has no '%s'; `fmbench list backends -v`",
					     axis->backend->name, key);
	}
	if (strchr(key, '.') && !set_file(key))
		return err_usage(err, "'%s': no such backend in this section", key);
	if (s->unit == &workload_command && opt_same_name(key, "command"))
		return 0;
	axis->opts = s->unit->opts;
	axis->opt = opt_find(axis->opts, s->micro && opt_same_name(key, "cores") ? "threads" : key);
	if (axis->opt)
		return 0;
	axis->opts = setting_opts;
	axis->opt = find_setting(key);
	return axis->opt ? 0 : unknown_key(s->ini->name, key, s->unit->opts, more, err);
}

static int read_axis(struct section *s, const struct ini_entry *entry, struct err *err)
{
	struct axis axis = { .entry = entry };
	int rc = resolve(s, &axis, err);

	if (!rc)
		rc = list_parse(entry, &axis.values, err);
	if (!rc && s->micro && opt_same_name(entry->key, "cores"))
		rc = list_expand_ranges(&axis.values, err);
	if (rc) {
		list_release(&axis.values);
		return fail_at(s->path, entry->line, err);
	}
	add_axis(s, &axis);
	return 0;
}

/* Has the section the key itself? */
static bool has_axis(const struct section *s, const struct axis *axis)
{
	for (size_t i = 0; i < s->nr_axes; i++) {
		if (s->axes[i].opt == axis->opt &&
		    (!set_file(axis->entry->key) ||
		     opt_same_name(s->axes[i].entry->key, axis->entry->key)))
			return true;
	}
	return false;
}

/* Settings of [experiment] hold for every section that does not set them itself. */
static int read_axes(struct section *s, const struct ini_section *head, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < s->ini->nr_entries && !rc; i++) {
		const struct ini_entry *entry = &s->ini->entries[i];

		if (!opt_same_name(entry->key, "ratio") && !opt_same_name(entry->key, "backend"))
			rc = read_axis(s, entry, err);
	}
	for (size_t i = 0; i < head->nr_entries && !rc; i++) {
		struct axis axis = { .entry = &head->entries[i],
				     .opts = setting_opts,
				     .opt = find_setting(head->entries[i].key) };

		if (!axis.opt || opt_find(head_opts, axis.entry->key) || has_axis(s, &axis))
			continue;
		rc = list_parse(axis.entry, &axis.values, err);
		if (rc)
			fail_at(s->path, axis.entry->line, err);
		add_axis(s, &axis);
	}
	return rc;
}

/* --- cells ---------------------------------------------------------------------------------- */

/* Takes values; returns those of an equal set where there is one. */
static const void *keep_set(struct experiment *e, const struct opt *opts, void *values)
{
	struct buf json = BUF_INIT;

	opt_json(opts, values, &json);
	for (size_t i = 0; i < e->nr_sets; i++) {
		if (e->sets[i].opts != opts || strcmp(e->sets[i].json, json.data) != 0)
			continue;
		opt_release(opts, values);
		free(values);
		buf_release(&json);
		return e->sets[i].values;
	}
	e->sets = xreallocarray(e->sets, e->nr_sets + 1, sizeof(*e->sets));
	e->sets[e->nr_sets++] = (struct parameter_set){ opts, values, buf_steal(&json) };
	return values;
}

/* The value whose turn it is. */
static int set_value(const struct axis *axis, void *values, const char *what, struct err *err)
{
	const char *file = set_file(axis->entry->key), *value = axis->values.items[axis->at];
	struct buf pair = BUF_INIT;
	int rc;

	if (!file)
		return opt_set(axis->opts, values, axis->opt->name, value, what, err);
	buf_addf(&pair, "%s=%s", file, value);
	rc = opt_set(axis->opts, values, axis->opt->name, pair.data, what, err);
	buf_release(&pair);
	return rc;
}

static int check_sets(const struct settings *settings, struct err *err)
{
	struct sets sets;
	int rc = sets_of(&settings->run, &sets, err);

	sets_release(&sets);
	return rc;
}

/* An option that is given again and again takes all items of its list at once. */
static bool takes_all(const struct axis *axis)
{
	return axis->opt && axis->opt->lines && !set_file(axis->entry->key);
}

static int set_values(struct axis axis, void *values, const char *what, struct err *err)
{
	size_t end = takes_all(&axis) ? axis.values.nr : axis.at + 1;
	int rc = 0;

	for (; axis.at < end && !rc; axis.at++)
		rc = set_value(&axis, values, what, err);
	return rc;
}

/* What these axes say at their turn, of one table of options. */
static int make_set(struct section *s, const struct opt *opts, size_t size, const char *what,
		    const void **ret, struct err *err)
{
	void *values = xcalloc(1, size + 1); /* + 1: a size may be 0 */
	int rc = 0;

	opt_defaults(opts, values);
	if (opts == setting_opts)
		opt_set(opts, values, "experiment", s->e->name, what, err);
	for (size_t i = 0; i < s->nr_axes && !rc; i++) {
		const struct axis *axis = &s->axes[i];

		if (!opts || axis->opts != opts)
			continue;
		rc = set_values(*axis, values, what, err);
		if (!rc && set_file(axis->entry->key))
			rc = check_sets(values, err);
		if (rc)
			fail_at(s->path, axis->entry->line, err);
	}
	if (rc) {
		opt_release(opts, values);
		free(values);
		return rc;
	}
	*ret = keep_set(s->e, opts, values);
	return 0;
}

/* A line of the user's goes to a shell, as it would when typed. */
static char *const *keep_command(struct experiment *e, const char *line)
{
	char **argv;

	for (size_t i = 0; i < e->nr_commands; i++) {
		if (strcmp(e->commands[i][2], line) == 0)
			return e->commands[i];
	}
	argv = xcalloc(4, sizeof(*argv));
	argv[0] = xstrdup("sh");
	argv[1] = xstrdup("-c");
	argv[2] = xstrdup(line);
	e->commands = xreallocarray(e->commands, e->nr_commands + 1, sizeof(*e->commands));
	e->commands[e->nr_commands++] = argv;
	return argv;
}

/* What varies in this section, beside ratio and backend: "value-size=1K threads=2". */
static const char *keep_label(struct section *s, const struct backend *b)
{
	struct experiment *e = s->e;
	struct buf label = BUF_INIT;

	buf_adds(&label, "");
	for (size_t i = 0; i < s->nr_axes; i++) {
		const struct axis *axis = &s->axes[i];

		if (axis->values.nr > 1 && !takes_all(axis) &&
		    (!axis->backend || axis->backend == b))
			buf_addf(&label, "%s%s=%s", label.len ? " " : "", axis->entry->key,
				 axis->values.items[axis->at]);
	}
	e->labels = xreallocarray(e->labels, e->nr_labels + 1, sizeof(*e->labels));
	e->labels[e->nr_labels] = buf_steal(&label);
	return e->labels[e->nr_labels++];
}

static int add_cells(struct section *s, const struct backend *b, struct err *err)
{
	struct experiment *e = s->e;
	struct cell cell = { .workload = s->unit, .backend = b };
	const void *settings;
	char what[96];
	int rc;

	snprintf(what, sizeof(what), "%s %s", s->micro ? "micro" : "workload", s->unit->name);
	rc = make_set(s, s->unit->opts, s->unit->params_size, what, &cell.workload_params, err);
	if (!rc)
		rc = make_set(s, setting_opts, sizeof(struct settings), "[experiment]", &settings,
			      err);
	snprintf(what, sizeof(what), "backend %s", b->name);
	if (!rc)
		rc = make_set(s, b->opts, b->params_size, what, &cell.backend_params, err);
	if (rc)
		return rc;
	cell.settings = &((const struct settings *)settings)->run;
	for (size_t i = 0; i < s->nr_axes; i++) {
		if (!s->axes[i].opt)
			cell.argv = keep_command(e, s->axes[i].values.items[s->axes[i].at]);
	}
	cell.label = keep_label(s, b);
	if (e->nr_cells + s->ratios.nr * e->repeat > MAX_CELLS)
		return err_usage(err, "%s:%u: more than %d runs; shorten the lists or repeat",
				 s->path, s->ini->line, MAX_CELLS);
	for (size_t r = 0; r < s->ratios.nr; r++) {
		cell.ratio = s->ratios.values[r];
		for (cell.repeat = 1; cell.repeat <= (int)e->repeat; cell.repeat++) {
			if ((e->nr_cells & (e->nr_cells - 1)) == 0) /* full at powers of two */
				e->cells = xreallocarray(e->cells, 2 * e->nr_cells + 1,
							 sizeof(*e->cells));
			e->cells[e->nr_cells++] = cell;
		}
	}
	return 0;
}

/* The next combination of the axes that matter to this backend, the last axis fastest. */
static bool step(struct section *s, const struct backend *b)
{
	for (size_t i = s->nr_axes; i-- > 0;) {
		struct axis *axis = &s->axes[i];

		if ((axis->backend && axis->backend != b) || takes_all(axis))
			continue;
		if (++axis->at < axis->values.nr)
			return true;
		axis->at = 0;
	}
	return false;
}

static int read_section(struct section *s, const struct ini_section *head, struct err *err)
{
	int rc = find_unit(s, err);

	if (rc)
		return fail_at(s->path, s->ini->line, err);
	rc = read_ratios(s, err);
	if (!rc)
		rc = read_backends(s, err);
	if (!rc)
		rc = read_axes(s, head, err);
	if (!rc && s->unit == &workload_command && !ini_section_find(s->ini, "command"))
		rc = err_usage(err, "%s:%u: which command? Add command = \"...\"", s->path,
			       s->ini->line);
	for (size_t b = 0; b < s->nr_backends && !rc; b++) {
		do
			rc = add_cells(s, s->backends[b], err);
		while (!rc && step(s, s->backends[b]));
	}
	return rc;
}

static void section_release(struct section *s)
{
	for (size_t i = 0; i < s->nr_axes; i++)
		list_release(&s->axes[i].values);
	free(s->axes);
	free(s->backends);
	ratios_release(&s->ratios);
}

bool experiment_find(const char *word, char *ret_path, size_t size)
{
	static const char *const forms[] = { "experiments/%s.ini", "experiments/papers/%s.ini",
					     "experiments/%s", "experiments/papers/%s", "%s" };
	char name[PATH_MAX];

	if (word[0] == '/' || strstr(word, "..") || access(word, F_OK) == 0)
		return false;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		snprintf(name, sizeof(name), forms[i], word);
		if (fnmatch("experiments/*.ini", name, 0) == 0 &&
		    process_share(ret_path, size, name) == 0)
			return true;
	}
	return false;
}

bool experiment_near(const char *word, char *ret_name, size_t size)
{
	static const char *const folders[] = { "experiments", "experiments/papers" };
	char pattern[PATH_MAX];
	glob_t found = { 0 };
	const char *near;
	size_t nr = 0;

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		if (process_share(pattern, sizeof(pattern) - 8, folders[i]) != 0)
			continue;
		strcat(pattern, "/*.ini");
		glob(pattern, nr++ ? GLOB_APPEND : 0, NULL, &found);
	}
	/* Their names alone, in the same array, which NULL ends. */
	for (size_t i = 0; i < found.gl_pathc; i++) {
		char *slash = strrchr(found.gl_pathv[i], '/'), *name = found.gl_pathv[i];

		memmove(name, slash + 1, strlen(slash));
		name[strlen(name) - strlen(".ini")] = '\0';
	}
	near = found.gl_pathc ? did_you_mean(word, (const char *const *)found.gl_pathv) : NULL;
	if (near)
		snprintf(ret_name, size, "%s", near);
	if (nr)
		globfree(&found);
	return near;
}

int experiment_read(const char *path, const char *scale, struct experiment *e, struct err *err)
{
	const struct ini_section *head;
	struct inifile ini;
	int rc;

	memset(e, 0, sizeof(*e));
	e->scale = scale ? scale : scale_default();
	rc = inifile_read(path, &ini, err);
	if (!rc)
		rc = scale_apply(&ini, path, e->scale, err);
	if (!rc && (!ini.nr_sections || strcmp(ini.sections[0].name, "experiment") != 0))
		rc = err_usage(err, "%s:%u: an experiment begins with [experiment]", path,
			       ini.nr_sections ? ini.sections[0].line : 1);
	if (rc)
		goto out;
	head = &ini.sections[0];
	rc = read_head(e, path, head, err);
	if (!rc && ini.nr_sections == 1)
		rc = err_usage(err,
			       "%s:%u: there is nothing to run; add [run WORKLOAD] or "
			       "[micro NAME]",
			       path, head->line);
	for (size_t i = 1; i < ini.nr_sections && !rc; i++) {
		struct section s = { .e = e, .path = path, .ini = &ini.sections[i] };

		rc = read_section(&s, head, err);
		section_release(&s);
	}
out:
	inifile_release(&ini);
	return rc;
}

void experiment_release(struct experiment *e)
{
	for (size_t i = 0; i < e->nr_sets; i++) {
		opt_release(e->sets[i].opts, e->sets[i].values);
		free(e->sets[i].values);
		free(e->sets[i].json);
	}
	for (size_t i = 0; i < e->nr_commands; i++) {
		for (size_t j = 0; e->commands[i][j]; j++)
			free(e->commands[i][j]);
		free(e->commands[i]);
	}
	for (size_t i = 0; i < e->nr_labels; i++)
		free(e->labels[i]);
	free(e->sets);
	free(e->commands);
	free(e->labels);
	free(e->cells);
	opt_release(head_opts, e);
	memset(e, 0, sizeof(*e));
}
