// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/unit.h"

#include <ctype.h>
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/child.h"
#include "base/find_program.h"
#include "base/names.h"
#include "base/sysfile.h"

#define NAME_MAX_LEN	 40
#define MAX_NAMES	 64
#define HELPER_MAX_BYTES (16 << 20)

/* --- the list ------------------------------------------------------------------------------- */

struct unit **units_all;
size_t nr_units;

void unit_add(struct unit *u, const void *row)
{
	u->row = row;
	units_all = xreallocarray(units_all, nr_units + 1, sizeof(*units_all));
	units_all[nr_units++] = u;
}

const struct unit *unit_of_row(const void *row)
{
	for (size_t i = 0; i < nr_units; i++) {
		if (units_all[i]->row == row)
			return units_all[i];
	}
	abort();
}

const struct unit *unit_of_params(const char *kind, const void *params, struct err *err)
{
	const char *stamp = *(char *const *)params;

	for (size_t i = 0; stamp && i < nr_units; i++) {
		if (strcmp(units_all[i]->kind, kind) == 0 &&
		    strcmp(units_all[i]->stamp, stamp) == 0)
			return units_all[i];
	}
	err_usage(err, "no unit has the stamp '%s': leave out -o unit", stamp ? stamp : "");
	return NULL;
}

/* --- the section's text --------------------------------------------------------------------- */

const char *unit_text(const struct ini_section *s, const char *key)
{
	const struct ini_entry *entry = ini_section_find(s, key);

	return entry ? entry->value : NULL;
}

unsigned int unit_line(const struct ini_section *s, const char *key)
{
	const struct ini_entry *entry = ini_section_find(s, key);

	return entry ? entry->line : s->line;
}

static const char *after_prefix(const char *key, const char *prefix)
{
	size_t len = strlen(prefix);

	return strncmp(key, prefix, len) == 0 && key[len] == '.' ? key + len + 1 : NULL;
}

const struct ini_entry *unit_next(const struct ini_section *s, const char *prefix, size_t *i)
{
	while (*i < s->nr_entries) {
		const struct ini_entry *entry = &s->entries[(*i)++];

		if (after_prefix(entry->key, prefix))
			return entry;
	}
	return NULL;
}

int unit_fail(const char *path, unsigned int line, struct err *err)
{
	err_prefix(err, "%s:%u", path, line);
	if (err)
		err->kind = ERR_USAGE;
	return -EINVAL;
}

static int refuse_key(const char *kind, const char *key, const struct unit_key *keys,
		      struct err *err)
{
	const char *names[MAX_NAMES];
	char shown[MAX_NAMES][40];
	size_t nr = 0;

	for (; keys->name && nr < MAX_NAMES - 1; keys++, nr++) {
		snprintf(shown[nr], sizeof(shown[nr]), "%s%s", keys->name,
			 keys->many ? ".NAME" : "");
		names[nr] = keys->many ? shown[nr] : keys->name;
	}
	names[nr] = NULL;
	return err_unknown(err, did_you_mean(key, names), "doc/UNITS.md has them all",
			   "a [%s NAME] has no key '%s'", kind, key);
}

static int check_entry(const char *kind, const struct ini_entry *entry, const struct unit_key *keys,
		       struct err *err)
{
	const struct unit_key *k = keys;

	while (k->name && strcmp(k->name, entry->key) != 0 &&
	       !(k->many && after_prefix(entry->key, k->name)))
		k++;
	if (!k->name)
		return refuse_key(kind, entry->key, keys, err);
	if (!entry->value[strspn(entry->value, " \t")])
		return err_usage(err, "%s has no value; leave the line out", entry->key);
	return 0;
}

static int check_keys(const char *kind, const char *path, const struct ini_section *s,
		      const struct unit_key *keys, struct err *err)
{
	for (size_t i = 0; i < s->nr_entries; i++) {
		if (check_entry(kind, &s->entries[i], keys, err) != 0)
			return unit_fail(path, s->entries[i].line, err);
	}
	for (const struct unit_key *k = keys; k->name; k++) {
		if (k->needed && !ini_section_find(s, k->name))
			return err_usage(err, "%s:%u: [%s] needs a line %s = …", path, s->line,
					 s->name, k->name);
	}
	return 0;
}

static bool is_name(const char *s)
{
	size_t len = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_-");

	return len && !s[len] && len <= NAME_MAX_LEN && isalnum((unsigned char)s[0]);
}

/* The content of FILE where text has {unit_dir}/FILE and it is there: what a helper script does. */
static void add_helpers(struct buf *b, const char *unit_path, const char *text)
{
	static const char sign[] = "{unit_dir}/";
	const char *slash = strrchr(unit_path, '/');
	int dir_len = slash ? (int)(slash - unit_path) : 1;

	while ((text = strstr(text, sign))) {
		struct buf path = BUF_INIT;
		struct stat st;
		int fd;

		text += strlen(sign);
		buf_addf(&path, "%.*s/%.*s", dir_len, slash ? unit_path : ".",
			 (int)strcspn(text, " \t\"'|;&<>()"), text);
		fd = open(path.data, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
		    st.st_size <= HELPER_MAX_BYTES)
			buf_read_fd(b, fd);
		if (fd >= 0)
			close(fd);
		buf_release(&path);
	}
}

/* FNV-1a over all keys and values, and the files beside the unit's that they name. */
static char *make_stamp(const char *name, const char *path, const struct ini_section *s)
{
	uint64_t hash = 0xcbf29ce484222325u;
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < s->nr_entries; i++) {
		buf_addf(&b, "%s=%s\n", s->entries[i].key, s->entries[i].value);
		add_helpers(&b, path, s->entries[i].value);
	}
	for (size_t i = 0; i < b.len; i++)
		hash = (hash ^ (unsigned char)b.data[i]) * 0x100000001b3u;
	buf_reset(&b);
	buf_addf(&b, "%s %08" PRIx32, name, (uint32_t)(hash ^ (hash >> 32)));
	return buf_steal(&b);
}

/* The next word of *text, on the heap; NULL: no more. */
static char *next_word(const char **text)
{
	const char *word = *text + strspn(*text, " \t");
	size_t len = strcspn(word, " \t");

	*text = word + len;
	return len ? strndup(word, len) : NULL;
}

/* --- needs ---------------------------------------------------------------------------------- */

static void add_need(struct unit_needs *n, char *word)
{
	char *colon = strchr(word, ':');

	if (strncmp(word, "unit:", 5) == 0) {
		n->units = xreallocarray(n->units, n->nr_units + 1, sizeof(*n->units));
		n->units[n->nr_units++] = xstrdup(word + 5);
		return;
	}
	if (colon)
		*colon = '\0';
	n->rows = xreallocarray(n->rows, n->nr + 1, sizeof(*n->rows));
	n->rows[n->nr++] = (struct unit_need){ xstrdup(word), xstrdup(colon ? colon + 1 : word) };
}

static void read_needs(struct unit_needs *n, const char *text)
{
	char *word;

	while (text && (word = next_word(&text))) {
		add_need(n, word);
		free(word);
	}
}

bool unit_need_met(const struct unit_need *need)
{
	char path[4096];
	glob_t found;
	int rc;

	if (!strchr(need->program, '/'))
		return find_program(need->program, NULL, 0);
	if (sysfile_path(path, sizeof(path), need->program) != 0)
		return false;
	rc = glob(path, 0, NULL, &found);
	globfree(&found);
	return rc == 0;
}

int unit_needs_check(const struct unit *u, struct err *err)
{
	struct buf missing = BUF_INIT, packages = BUF_INIT;
	int rc = 0;

	for (size_t i = 0; i < u->needs.nr; i++) {
		const struct unit_need *need = &u->needs.rows[i];

		if (unit_need_met(need))
			continue;
		buf_addf(&missing, "%s%s", missing.len ? ", " : "", need->program);
		if (!packages.len || !strstr(packages.data, need->package))
			buf_addf(&packages, " %s", need->package);
	}
	if (missing.len)
		rc = err_missing(err, "%s %s needs %s; apt install%s", u->kind, u->name,
				 missing.data, packages.data);
	buf_release(&missing);
	buf_release(&packages);
	return rc;
}

/* --- options -------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	enum opt_type type;
	double max;
} types[] = {
	{ "size", OPT_T_SIZE, 1e15 },	      { "number", OPT_T_U64, 1e18 },
	{ "duration", OPT_T_DURATION, 1e18 }, { "text", OPT_T_STRING, 0 },
	{ "choice", OPT_T_CHOICE, 0 },
};
#define NR_TYPES (sizeof(types) / sizeof(types[0]))

/* "size", or "choice:a|b". */
static int read_type(struct opt *o, const char *word, struct err *err)
{
	size_t len = strcspn(word, ":");

	for (size_t i = 0; i < NR_TYPES; i++) {
		bool choice = types[i].type == OPT_T_CHOICE;

		if (strncmp(types[i].name, word, len) != 0 || types[i].name[len] ||
		    (word[len] != '\0') != choice)
			continue;
		o->type = types[i].type;
		o->max = types[i].max;
		o->choices = choice ? xstrdup(word + len + 1) : NULL;
		return 0;
	}
	return err_usage(err,
			 "option type '%s' is none; there are size, number, duration, text and "
			 "choice:a|b",
			 word);
}

static int try_default(const struct opt *o, struct err *err)
{
	struct opt alone[] = { *o, OPT_END };
	void *value = NULL;
	int rc;

	alone[0].offset = 0;
	rc = opt_set(alone, &value, o->name, o->def, "default", err);
	if (!rc)
		opt_release(alone, &value);
	return rc;
}

/* TYPE DEFAULT WHAT IT IS… */
static int read_option(struct unit *u, const struct ini_entry *entry, struct err *err)
{
	const char *rest = entry->value, *name = after_prefix(entry->key, "option");
	char *type = next_word(&rest), *def = next_word(&rest);
	struct opt *o = &u->opts[u->nr_opts];
	int rc = 0;

	rest += strspn(rest, " \t");
	*o = (struct opt){ .name = xstrdup(name),
			   .offset = u->nr_opts * sizeof(void *),
			   .def = def,
			   .help = xstrdup(rest) };
	if (!def || !*rest)
		rc = err_usage(err,
			       "%s has a type, a default and a help, such as: size 64M memory "
			       "of the server",
			       entry->key);
	else if (!is_name(name) || strcmp(name, "unit") == 0)
		rc = err_usage(err, "'%s' is no name for an option", name);
	if (!rc)
		rc = read_type(o, type, err);
	free(type);
	if (!rc)
		rc = try_default(o, err);
	u->nr_opts++;
	return rc ? unit_fail(u->path, entry->line, err) : 0;
}

static int read_options(struct unit *u, const struct ini_section *s, struct err *err)
{
	const struct ini_entry *entry;
	size_t i = 0;
	int rc = 0;

	u->opts = xcalloc(s->nr_entries + 2, sizeof(*u->opts));
	u->opts[u->nr_opts++] = (struct opt){ .name = "unit",
					      .type = OPT_T_STRING,
					      .def = u->stamp,
					      .help = "the file's section, stored with each run" };
	while (!rc && (entry = unit_next(s, "option", &i)))
		rc = read_option(u, entry, err);
	u->opts[u->nr_opts] = (struct opt)OPT_END;
	return rc;
}

/* --- the head ------------------------------------------------------------------------------- */

int unit_read_head(struct unit *u, const char *kind, const char *name, const char *path,
		   const struct ini_section *s, const struct unit_key *keys, struct err *err)
{
	u->kind = kind;
	u->name = xstrdup(name);
	u->path = xstrdup(path);
	u->line = s->line;
	if (!is_name(name))
		return err_usage(err,
				 "%s:%u: '%s' is no name for a unit: small letters, digits, '-' "
				 "and '_', at most %d",
				 path, s->line, name, NAME_MAX_LEN);
	if (check_keys(kind, path, s, keys, err) != 0)
		return -EINVAL;
	u->summary = xstrdup(unit_text(s, "summary"));
	u->stamp = make_stamp(name, path, s);
	read_needs(&u->needs, unit_text(s, "requires"));
	return read_options(u, s, err);
}

/* --- placeholders --------------------------------------------------------------------------- */

void unit_values_set(struct unit_values *v, const char *name, const char *fmt, ...)
{
	struct buf text = BUF_INIT;
	size_t i = 0;
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(&text, fmt, ap);
	va_end(ap);
	while (i < v->nr && strcmp(v->rows[i].name, name) != 0)
		i++;
	if (i == v->nr) {
		v->rows = xreallocarray(v->rows, v->nr + 1, sizeof(*v->rows));
		v->rows[v->nr++] = (struct unit_value){ .name = xstrdup(name) };
	}
	free(v->rows[i].text);
	v->rows[i].text = buf_steal(&text);
}

void unit_values_add(struct unit_values *v, const struct unit *u, const void *params)
{
	const char *slash = strrchr(u->path, '/');

	unit_values_set(v, "unit_dir", "%.*s", slash ? (int)(slash - u->path) : 1,
			slash ? u->path : ".");
	for (size_t i = 1; i < u->nr_opts; i++) {
		const struct opt *o = &u->opts[i];
		const void *field = (const char *)params + o->offset;

		if (!params)
			unit_values_set(v, o->name, "1");
		else if (o->type == OPT_T_STRING || o->type == OPT_T_CHOICE)
			unit_values_set(v, o->name, "%s", *(char *const *)field);
		else if (o->type == OPT_T_DURATION)
			unit_values_set(v, o->name, "%.9g", (double)*(const uint64_t *)field / 1e9);
		else
			unit_values_set(v, o->name, "%" PRIu64, *(const uint64_t *)field);
	}
}

const char *unit_values_get(const struct unit_values *v, const char *name)
{
	for (size_t i = 0; i < v->nr; i++) {
		if (strcmp(v->rows[i].name, name) == 0)
			return v->rows[i].text;
	}
	return NULL;
}

void unit_values_release(struct unit_values *v)
{
	for (size_t i = 0; i < v->nr; i++) {
		free(v->rows[i].name);
		free(v->rows[i].text);
	}
	free(v->rows);
	*v = (struct unit_values){ 0 };
}

/* The length of "name" or "name/NUMBER" behind a brace, where a brace closes it; 0: it is text. */
static size_t placeholder_len(const char *text, size_t *ret_name)
{
	size_t name = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-"), len = name;

	if (name && text[len] == '/') {
		size_t digits = strspn(text + len + 1, "0123456789");

		len = digits ? len + 1 + digits : 0;
	}
	*ret_name = name;
	return name && len && text[len] == '}' && isalpha((unsigned char)text[0]) ? len : 0;
}

static int refuse_placeholder(const char *name, const struct unit_values *v, struct err *err)
{
	const char *names[MAX_NAMES];
	size_t nr = 0;
	struct buf all = BUF_INIT;
	int rc;

	buf_adds(&all, "there are");
	for (; nr < v->nr && nr < MAX_NAMES - 1; nr++) {
		names[nr] = v->rows[nr].name;
		buf_addf(&all, " {%s}", names[nr]);
	}
	names[nr] = NULL;
	rc = err_unknown(err, did_you_mean(name, names), all.data,
			 "nobody fills the placeholder {%s}", name);
	buf_release(&all);
	return rc;
}

static int divide(struct buf *b, const char *name, const char *text, const char *by,
		  struct err *err)
{
	uint64_t value, divisor = strtoull(by, NULL, 10);

	if (parse_u64(text, &value) != 0)
		return err_usage(err, "{%s/%s}: '%s' is no whole number", name, by, text);
	if (!divisor)
		return err_usage(err, "{%s/0}: a division by zero", name);
	buf_addf(b, "%" PRIu64, value / divisor);
	return 0;
}

/* text begins behind the brace. */
static int fill(const char *text, size_t len, size_t name_len, const struct unit_values *v,
		struct buf *b, struct err *err)
{
	char name[64], by[24] = "";
	const char *value;

	snprintf(name, sizeof(name), "%.*s", (int)name_len, text);
	if (len > name_len)
		snprintf(by, sizeof(by), "%.*s", (int)(len - name_len - 1), text + name_len + 1);
	value = unit_values_get(v, name);
	if (!value)
		return refuse_placeholder(name, v, err);
	if (*by)
		return divide(b, name, value, by, err);
	buf_adds(b, value);
	return 0;
}

int unit_expand(const char *text, const struct unit_values *v, struct buf *b, struct err *err)
{
	int rc = 0;

	buf_adds(b, "");
	while (*text && !rc) {
		size_t name, len = *text == '{' ? placeholder_len(text + 1, &name) : 0;

		if (len) {
			rc = fill(text + 1, len, name, v, b, err);
			text += len + 2;
		} else if (text[0] == '{' && text[1] == '{' && placeholder_len(text + 2, &name)) {
			buf_adds(b, "{");
			text += 2;
		} else {
			buf_add(b, text++, 1);
		}
	}
	return rc;
}
