// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/extract.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/child.h"
#include "base/json.h"
#include "base/opt.h"

/* Of a longer text only its end is looked at. */
#define TEXT_MAX (64l << 20)

/* --- from words ----------------------------------------------------------------------------- */

/* Names become columns of exports; one with a dot would be a thread's. */
static bool is_name(const char *s)
{
	if (!isalpha((unsigned char)*s))
		return false;
	while (isalnum((unsigned char)*s) || *s == '_')
		s++;
	return !*s;
}

int extract_compile(const char *what, const char *pattern, size_t groups, regex_t *ret,
		    struct err *err)
{
	char reason[128];
	int rc = regcomp(ret, pattern, REG_EXTENDED | REG_NEWLINE);

	if (rc) {
		regerror(rc, ret, reason, sizeof(reason));
		return err_usage(err, "%s: '%s' is no regular expression: %s", what, pattern,
				 reason);
	}
	if (!groups || ret->re_nsub == groups)
		return 0;
	rc = err_usage(err,
		       "%s: '%s' has %zu groups; put the number, and nothing else, in parentheses, "
		       "as in 'ops: ([0-9.]+)'",
		       what, pattern, ret->re_nsub);
	regfree(ret);
	return rc;
}

static enum better usual_better(const char *unit)
{
	static const char *const times[] = { "s", "ms", "us", "ns" };

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		if (strcmp(unit, times[i]) == 0)
			return BETTER_LOWER;
	}
	return BETTER_HIGHER;
}

static int check_parts(const struct extracts *e, const struct metric *m, const char *file,
		       const char *pattern, struct err *err)
{
	if (!is_name(m->name))
		return err_usage(err,
				 "metric '%s': a name has letters, digits and '_', and begins "
				 "with a letter",
				 m->name);
	if (*m->unit && !is_name(m->unit))
		return err_usage(err, "metric %s: unit '%s' is none such as us, bytes or per_s",
				 m->name, m->unit);
	for (size_t i = 0; i < e->nr; i++) {
		if (strcmp(e->rows[i].name, m->name) == 0)
			return err_usage(err, "metric %s is there twice: rename one", m->name);
	}
	if (file && !*file)
		return err_usage(err, "metric %s: no file after '@'", m->name);
	if (!*pattern)
		return err_usage(err, "metric %s: no pattern after '='", m->name);
	return 0;
}

int extracts_add(struct extracts *e, const struct metric *m, const char *file, const char *pattern,
		 struct err *err)
{
	struct extract x = { .is_json = pattern[0] == '$' };
	struct buf what = BUF_INIT;
	int rc = check_parts(e, m, file, pattern, err);

	if (rc)
		return rc;
	buf_addf(&what, "metric %s", m->name);
	if (x.is_json)
		rc = json_check_path(pattern, err);
	else
		rc = extract_compile(what.data, pattern, 1, &x.regex, err);
	if (rc && x.is_json)
		err_prefix(err, "%s", what.data);
	buf_release(&what);
	if (rc)
		return rc;
	x.name = xstrdup(m->name);
	x.unit = xstrdup(*m->unit ? m->unit : "count");
	x.better = m->better != BETTER_NEITHER ? m->better : usual_better(m->unit);
	x.file = file ? xstrdup(file) : NULL;
	x.pattern = xstrdup(pattern);
	e->rows = xreallocarray(e->rows, e->nr + 1, sizeof(*e->rows));
	e->rows[e->nr++] = x;
	return 0;
}

/* End the text at c, and return what stands after it; NULL: there is no c. */
static char *cut(char *text, char c)
{
	char *at = strchr(text, c);

	if (at)
		*at++ = '\0';
	return at;
}

static int parse_better(const char *name, const char *word, enum better *ret, struct err *err)
{
	*ret = BETTER_NEITHER;
	if (!word)
		return 0;
	if (strcmp(word, "lower") != 0 && strcmp(word, "higher") != 0)
		return err_usage(err,
				 "metric %s: which is better, ':lower' or ':higher'? Not ':%s'",
				 name, word);
	*ret = *word == 'l' ? BETTER_LOWER : BETTER_HIGHER;
	return 0;
}

int extracts_parse(struct extracts *e, const char *text, struct err *err)
{
	char *copy = xstrdup(text), *pattern = cut(copy, '='), *file = cut(copy, '@');
	char *better = cut(copy, ':'), *unit = cut(copy, ',');
	struct metric m = { .name = copy };
	struct buf per = BUF_INIT;
	char *divisor = unit ? NULL : cut(copy, '/');
	int rc = 0;

	if (divisor)
		buf_addf(&per, "per_%s", divisor);
	m.unit = unit ? unit : divisor ? per.data : "";
	if (!pattern)
		rc = err_usage(err,
			       "metric '%s' has no pattern: give NAME=REGEX, such as "
			       "'ops/s=ops per second: ([0-9.]+)', or NAME=$.json.path",
			       text);
	if (!rc)
		rc = parse_better(copy, better, &m.better, err);
	if (!rc)
		rc = extracts_add(e, &m, file, pattern, err);
	buf_release(&per);
	free(copy);
	return rc;
}

int extracts_parse_lines(struct extracts *e, const char *lines, struct err *err)
{
	char *copy = xstrdup(lines ? lines : ""), *rest = copy, *line;
	int rc = 0;

	while (!rc && (line = strsep(&rest, "\n"))) {
		if (*line)
			rc = extracts_parse(e, line, err);
	}
	free(copy);
	return rc;
}

void extracts_release(struct extracts *e)
{
	for (size_t i = 0; i < e->nr; i++) {
		struct extract *x = &e->rows[i];

		if (!x->is_json)
			regfree(&x->regex);
		free(x->name);
		free(x->unit);
		free(x->file);
		free(x->pattern);
	}
	free(e->rows);
	*e = (struct extracts){ 0 };
}

/* --- from texts ----------------------------------------------------------------------------- */

/* "1,234,567" as "1234567". Commas elsewhere stay, and make it no number. */
static void drop_thousands(char *number)
{
	for (char *c = strchr(number, ','); c; c = strchr(c, ',')) {
		if (c == number || strspn(c + 1, "0123456789") != 3)
			return;
		memmove(c, c + 1, strlen(c));
	}
}

/* The group of a line's last match. NULL: none. */
static char *last_in_line(const regex_t *regex, const char *line)
{
	regmatch_t m[2];
	char *found = NULL;
	int flags = 0;

	while (regexec(regex, line, 2, m, flags) == 0) {
		free(found);
		found = strndup(line + m[1].rm_so,
				m[1].rm_so < 0 ? 0 : (size_t)(m[1].rm_eo - m[1].rm_so));
		line += m[0].rm_eo;
		if (m[0].rm_eo == m[0].rm_so && !*line++)
			break;
		flags = REG_NOTBOL;
	}
	return found;
}

/* The same of a whole text, from its last line to its first. Lines end in NUL afterwards. */
static char *last_match(const regex_t *regex, char *text)
{
	char *end = text + strlen(text), *found = NULL;

	while (!found && end) {
		char *newline = memrchr(text, '\n', (size_t)(end - text));

		*end = '\0';
		found = last_in_line(regex, newline ? newline + 1 : text);
		end = newline;
	}
	return found;
}

static int match(const struct extract *x, char *text, double *ret, struct err *err)
{
	char *number = last_match(&x->regex, text);
	int rc = 0;

	if (!number)
		return -ENODATA;
	drop_thousands(number);
	if (parse_double(number, ret) != 0)
		rc = err_failed(err, 0, "metric %s: '%s' found '%s', which is no number", x->name,
				x->pattern, number);
	free(number);
	return rc;
}

/* The whole is JSON; or its last line is, after a program's own words. */
static int look_up(const struct extract *x, const char *text, double *ret, struct err *err)
{
	size_t len = strlen(text);
	const char *line;
	int rc = json_number(text, x->pattern, ret, err);

	if (rc != -ENODATA)
		return rc;
	while (len && text[len - 1] == '\n')
		len--;
	line = memrchr(text, '\n', len);
	return line ? json_number(line + 1, x->pattern, ret, err) : -ENODATA;
}

static int find(const struct extract *x, char *text, double *ret, struct err *err)
{
	return x->is_json ? look_up(x, text, ret, err) : match(x, text, ret, err);
}

static bool is_older(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec < b->tv_sec : a->tv_nsec < b->tv_nsec;
}

/* since NULL: any age will do. */
static int read_text(const char *path, const struct timespec *since, struct buf *b, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc;
	struct stat st;

	if (fd < 0)
		return err_failed(err, errno, "cannot read %s", path);
	if (since && fstat(fd, &st) == 0 && is_older(&st.st_mtim, since))
		rc = err_failed(err, 0, "%s is older than the run: the program did not write it",
				path);
	else if (lseek(fd, -TEXT_MAX, SEEK_END) < 0 && errno != EINVAL)
		rc = err_failed(err, errno, "cannot read %s: is it a plain file?", path);
	else
		rc = buf_read_fd(b, fd) ? err_failed(err, errno, "cannot read %s", path) : 0;
	close(fd);
	for (size_t i = 0; i < b->len; i++) { /* a string ends at the first NUL */
		if (!b->data[i])
			b->data[i] = ' ';
	}
	buf_adds(b, "");
	return rc;
}

/* It is not where it was looked for: on the other stream, perhaps. */
static int not_found(const struct extract *x, const struct extract_from *from, const char *path,
		     struct err *err)
{
	struct buf other = BUF_INIT;
	bool on_stderr = false;
	char tail[400];
	double ignored;

	if (!x->file && read_text(from->err, NULL, &other, NULL) == 0)
		on_stderr = find(x, other.data, &ignored, NULL) == 0;
	buf_release(&other);
	if (on_stderr)
		return err_failed(err, 0,
				  "metric %s: '%s' is on the standard error only: name it "
				  "%s@stderr=...",
				  x->name, x->pattern, x->name);
	child_log_tail(path, tail, sizeof(tail));
	return err_failed(err, 0, "metric %s: %s '%s' found nothing in %s%s%s (%s%s)", x->name,
			  x->is_json ? "JSON path" : "pattern", x->pattern,
			  x->file && strcmp(x->file, "stderr") != 0 ? x->file
			  : x->file				    ? "the standard error"
								    : "the standard output",
			  *tail ? "; its last lines: " : ", which is empty", tail,
			  *tail ? "all of it: " : "", path);
}

static int read_one(const struct extract *x, const struct extract_from *from,
		    struct results *results, struct err *err)
{
	bool is_err = x->file && strcmp(x->file, "stderr") == 0;
	bool is_file = x->file && !is_err;
	const char *path = is_err ? from->err : is_file ? x->file : from->out;
	struct buf text = BUF_INIT;
	double value = 0;
	int rc = read_text(path, is_file ? &from->since : NULL, &text, err);

	if (rc)
		err_prefix(err, "metric %s", x->name);
	if (!rc)
		rc = find(x, text.data, &value, err);
	if (rc == -ENODATA)
		rc = not_found(x, from, path, err);
	if (!rc)
		results_add(results, x->name, x->unit, x->better, value);
	buf_release(&text);
	return rc;
}

int extracts_read(const struct extracts *e, const struct extract_from *from,
		  struct results *results, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < e->nr && !rc; i++)
		rc = read_one(&e->rows[i], from, results, err);
	return rc;
}
