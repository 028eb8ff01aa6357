// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/plan/arrivals.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/opt.h"
#include "base/random.h"

struct times {
	double *s;
	size_t nr;
};

static void add(struct times *t, double s)
{
	if ((t->nr & (t->nr - 1)) == 0) /* full at powers of two */
		t->s = xreallocarray(t->s, 2 * t->nr + 1, sizeof(*t->s));
	t->s[t->nr++] = s;
}

/* "4/min": per second. 0: it is none. */
static double parse_rate(const char *text)
{
	static const struct {
		const char *unit;
		double s;
	} units[] = { { "/s", 1 }, { "/min", 60 }, { "/h", 3600 } };
	char *end;
	double n = strtod(text, &end);

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]) && end != text && n > 0; i++) {
		if (strcmp(end, units[i].unit) == 0)
			return n / units[i].s;
	}
	return 0;
}

static int parse_at(const char *list, struct times *t, struct err *err)
{
	char word[32];
	uint64_t ns;

	for (list += strspn(list, " ,\t"); *list; list += strspn(list, " ,\t")) {
		size_t len = strcspn(list, " ,\t");

		snprintf(word, sizeof(word), "%.*s", (int)len, list);
		if (len >= sizeof(word) || parse_duration(word, &ns) != 0)
			return err_usage(err, "arrivals: '%s' is no time such as 30s", word);
		if (t->nr && (double)ns / NSEC_PER_SEC < t->s[t->nr - 1])
			return err_usage(err, "arrivals: %s comes after a later time", word);
		add(t, (double)ns / NSEC_PER_SEC);
		list += len;
	}
	return t->nr ? 0 : err_usage(err, "arrivals: at which times? Such as: at 0s 30s");
}

/* Lines TIME,NAME; '#' begins a comment. */
static int read_trace(const char *path, const char *label, struct times *t, struct err *err)
{
	FILE *f = fopen(path, "r");
	char line[512];
	unsigned int number = 0;
	int rc = 0;

	if (!f)
		return err_usage(err, "arrivals: cannot read the trace %s: %s", path,
				 strerror(errno));
	while (!rc && fgets(line, sizeof(line), f)) {
		char *comma = strchr(line, ','), *name = comma ? comma + 1 : NULL;
		uint64_t ns;

		number++;
		if (line[0] == '#' || line[strspn(line, " \t\r\n")] == '\0')
			continue;
		if (comma)
			*comma = '\0';
		if (!comma || parse_duration(line, &ns) != 0) {
			rc = err_usage(err, "%s:%u: a line is TIME,JOB such as 12.5s,quicksort",
				       path, number);
			break;
		}
		name += strspn(name, " ");
		name[strcspn(name, " ,\t\r\n")] = '\0';
		if (strcmp(name, label) != 0)
			continue;
		if (t->nr && (double)ns / NSEC_PER_SEC < t->s[t->nr - 1])
			rc = err_usage(err, "%s:%u: times go back", path, number);
		else
			add(t, (double)ns / NSEC_PER_SEC);
	}
	fclose(f);
	return rc;
}

static uint64_t seed_of(const char *label, uint64_t seed)
{
	uint64_t state = mix64(seed + GOLDEN_GAMMA);

	for (; *label; label++)
		state = mix64(state ^ (unsigned char)*label);
	return state;
}

static void draw_poisson(double per_s, const char *label, uint64_t count, uint64_t seed,
			 struct times *t)
{
	uint64_t state = seed_of(label, seed);
	double at_s = 0;

	for (uint64_t i = 0; i < count; i++) {
		at_s -= log1p(-random_unit(random_next(&state))) / per_s;
		add(t, at_s);
	}
}

static int bad(const char *text, struct err *err)
{
	return err_usage(err,
			 "arrivals '%s': give times (at 0s 30s), a rate (poisson 4/min) or a file "
			 "(trace FILE)",
			 text);
}

int arrivals_check(const char *text, struct err *err)
{
	struct times t = { 0 };
	int rc = 0;

	if (strncmp(text, "at ", 3) == 0)
		rc = parse_at(text + 3, &t, err);
	else if (strncmp(text, "poisson ", 8) == 0 ? !(parse_rate(text + 8) > 0)
						   : strncmp(text, "trace ", 6) != 0)
		rc = bad(text, err);
	free(t.s);
	return rc;
}

int arrivals_draw(const char *text, const char *label, uint64_t count, uint64_t seed,
		  double **ret_times, size_t *ret_nr, struct err *err)
{
	struct times t = { 0 };
	int rc = arrivals_check(text, err);

	if (!rc && strncmp(text, "trace ", 6) == 0)
		rc = read_trace(text + 6, label, &t, err);
	else if (!rc && strncmp(text, "at ", 3) == 0)
		rc = parse_at(text + 3, &t, err);
	else if (!rc)
		draw_poisson(parse_rate(text + 8), label, count ? count : 1, seed, &t);
	if (rc) {
		free(t.s);
		return rc;
	}
	while (t.nr && t.nr < count)
		add(&t, t.s[t.nr - 1]);
	*ret_times = t.s;
	*ret_nr = count && count < t.nr ? count : t.nr;
	return 0;
}
