// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/opt.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/names.h"

struct unit {
	const char *suffix;
	uint64_t scale;
};

/* Largest first. */
static const struct unit size_units[] = {
	{ "E", 1ull << 60 }, { "P", 1ull << 50 }, { "T", 1ull << 40 }, { "G", 1ull << 30 },
	{ "M", 1ull << 20 }, { "K", 1ull << 10 }, { "", 1 },	       { NULL, 0 },
};

static const struct unit duration_units[] = {
	{ "h", 3600000000000 }, { "m", 60000000000 }, { "s", 1000000000 }, { "ms", 1000000 },
	{ "us", 1000 },		{ "ns", 1 },	      { NULL, 0 },
};

int parse_u64(const char *s, uint64_t *ret)
{
	unsigned long long value;
	char *end;

	if (!isdigit((unsigned char)*s))
		return -EINVAL;
	errno = 0;
	value = strtoull(s, &end, 10);
	if (*end)
		return -EINVAL;
	if (errno)
		return -ERANGE;
	*ret = value;
	return 0;
}

/* "DIGITS" or "DIGITS.DIGITS", times scale, rounded. Whole numbers are exact. */
static int parse_scaled(const char *number, size_t len, uint64_t scale, uint64_t *ret)
{
	size_t whole_len = strspn(number, "0123456789");
	char digits[64];
	uint64_t whole, part = 0;
	int rc;

	if (whole_len == 0 || len >= sizeof(digits))
		return -EINVAL;
	memcpy(digits, number, whole_len);
	digits[whole_len] = '\0';
	rc = parse_u64(digits, &whole);
	if (rc < 0)
		return rc;
	if (len > whole_len) {
		/* ".5": its value is below 1, so the product fits where scale does. */
		memcpy(digits, number + whole_len, len - whole_len);
		digits[len - whole_len] = '\0';
		part = (uint64_t)roundl(strtold(digits, NULL) * (long double)scale);
	}
	if (__builtin_mul_overflow(whole, scale, &whole) ||
	    __builtin_add_overflow(whole, part, &whole))
		return -ERANGE;
	*ret = whole;
	return 0;
}

/* The length of "DIGITS[.DIGITS]" at s; 0: none. */
static size_t number_span(const char *s)
{
	size_t len = strspn(s, "0123456789");

	if (len && s[len] == '.') {
		size_t fraction = strspn(s + len + 1, "0123456789");

		return fraction ? len + 1 + fraction : 0;
	}
	return len;
}

int parse_size(const char *s, uint64_t *ret_bytes)
{
	size_t len = number_span(s);
	const char *suffix = s + len;
	char unit[2] = { (char)toupper((unsigned char)*suffix), '\0' };

	if (unit[0] == 'B')
		unit[0] = '\0'; /* "4096B" */
	else if (*suffix)
		suffix++;
	if (*suffix && strcasecmp(suffix, "B") != 0 && (!unit[0] || strcasecmp(suffix, "iB") != 0))
		return -EINVAL;
	for (const struct unit *u = size_units; u->suffix; u++) {
		if (strcmp(unit, u->suffix) == 0)
			return parse_scaled(s, len, u->scale, ret_bytes);
	}
	return -EINVAL;
}

int parse_duration(const char *s, uint64_t *ret_ns)
{
	size_t len = number_span(s);
	const char *suffix = s[len] ? s + len : "s";

	for (const struct unit *u = duration_units; u->suffix; u++) {
		if (strcmp(suffix, u->suffix) == 0)
			return parse_scaled(s, len, u->scale, ret_ns);
	}
	return -EINVAL;
}

int parse_double(const char *s, double *ret)
{
	double value;
	char *end;

	/* strtod() alone would take blanks, hexadecimal, "inf" and "nan". */
	if (!*s || s[strspn(s, "0123456789.eE+-")])
		return -EINVAL;
	value = strtod(s, &end);
	if (*end || end == s)
		return -EINVAL;
	if (!isfinite(value))
		return -ERANGE;
	*ret = value;
	return 0;
}

int parse_bool(const char *s, bool *ret)
{
	static const char *const words[][2] = {
		{ "no", "yes" }, { "false", "true" }, { "off", "on" }, { "0", "1" }
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		for (int value = 0; value < 2; value++) {
			if (strcasecmp(s, words[i][value]) == 0) {
				*ret = value;
				return 0;
			}
		}
	}
	return -EINVAL;
}

const char *split_host_port(const char *text, char *host, size_t size)
{
	const char *bracket = *text == '[' ? strchr(text, ']') : NULL;
	const char *colon = strrchr(bracket ? bracket : text, ':');
	const char *end = bracket ? bracket : colon ? colon : text + strlen(text);

	text += bracket != NULL;
	snprintf(host, size, "%.*s", (int)(end - text), text);
	return colon ? colon + 1 : NULL;
}

void format_size(char *dst, size_t size, uint64_t bytes)
{
	const struct unit *u = size_units;

	while (u->scale > 1 && bytes < u->scale)
		u++;

	double value = (double)bytes / (double)u->scale;

	if (value >= 1023.95 && u > size_units) { /* would print as 1024.0 */
		u--;
		value = 1;
	}
	snprintf(dst, size, "%.1f", value);
	if (strlen(dst) > 2 && strcmp(dst + strlen(dst) - 2, ".0") == 0)
		dst[strlen(dst) - 2] = '\0';
	snprintf(dst + strlen(dst), size - strlen(dst), "%s", u->suffix);
}

/* Exact, in the largest unit that divides it. */
static void add_in_units(const struct unit *units, uint64_t value, const char *zero, struct buf *b)
{
	if (value == 0) {
		buf_adds(b, zero);
		return;
	}
	while (value % units->scale)
		units++;
	buf_addf(b, "%" PRIu64 "%s", value / units->scale, units->suffix);
}

/* The shortest decimal that reads back as the same double. */
static void add_double(double value, struct buf *b)
{
	char text[32];

	for (int digits = 1; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			break;
	}
	buf_adds(b, text);
}

static void *field(const struct opt *o, const void *base)
{
	return (char *)base + o->offset;
}

bool opt_same_name(const char *a, const char *b)
{
	for (; *a && *b; a++, b++) {
		if ((*a == '_' ? '-' : *a) != (*b == '_' ? '-' : *b))
			return false;
	}
	return *a == *b;
}

static bool is_word(const struct opt *o, const void *p)
{
	return o->word && *(const uint64_t *)p == OPT_WORD;
}

void opt_format(const struct opt *o, const void *base, struct buf *b)
{
	const void *p = field(o, base);

	switch (o->type) {
	case OPT_T_BOOL:
		buf_adds(b, *(const bool *)p ? "yes" : "no");
		break;
	case OPT_T_U64:
		buf_addf(b, "%" PRIu64, *(const uint64_t *)p);
		break;
	case OPT_T_SIZE:
		add_in_units(size_units, *(const uint64_t *)p, "0", b);
		break;
	case OPT_T_DURATION:
		if (is_word(o, p))
			buf_adds(b, o->word);
		else
			add_in_units(duration_units, *(const uint64_t *)p, "0s", b);
		break;
	case OPT_T_DOUBLE:
		add_double(*(const double *)p, b);
		break;
	case OPT_T_STRING:
	case OPT_T_CHOICE:
		buf_adds(b, *(char *const *)p ? *(char *const *)p : "");
		break;
	case OPT_T_SECRET:
	case OPT_T_END:
		break;
	}
}

bool opt_same(const struct opt *o, const void *base, const void *other)
{
	struct buf a = BUF_INIT, b = BUF_INIT;
	bool same;

	opt_format(o, base, &a);
	opt_format(o, other, &b);
	same = strcmp(a.data ? a.data : "", b.data ? b.data : "") == 0;
	buf_release(&a);
	buf_release(&b);
	return same;
}

/* A bound as the user would type it. */
static void add_bound(const struct opt *o, double bound, struct buf *b)
{
	/* The largest double below 2^64: converting more is undefined. */
	uint64_t whole = bound >= 18446744073709549568.0 ? UINT64_MAX : (uint64_t)bound;
	struct opt plain = { .type = o->type };

	if (o->type == OPT_T_DOUBLE)
		add_double(bound, b);
	else
		opt_format(&plain, &whole, b);
}

static bool has_range(const struct opt *o)
{
	return o->min != 0 || o->max != 0;
}

static int check_range(const struct opt *o, double value, const char *text, const char *what,
		       struct err *err)
{
	struct buf b = BUF_INIT;

	if (!has_range(o) || (value >= o->min && value <= o->max))
		return 0;
	add_bound(o, o->min, &b);
	buf_adds(&b, " to ");
	add_bound(o, o->max, &b);
	err_usage(err, "%s: %s=%s is out of range: give %s", what, o->name, text, b.data);
	buf_release(&b);
	return -EINVAL;
}

static const char *const type_hint[] = {
	[OPT_T_BOOL] = "yes or no",
	[OPT_T_U64] = "a whole number",
	[OPT_T_SIZE] = "a size such as 4096, 64K, 512M or 2G",
	[OPT_T_DURATION] = "a time such as 500ms, 10s, 2m or 1h",
	[OPT_T_DOUBLE] = "a number",
	[OPT_T_STRING] = "a text",
};

static bool is_choice(const struct opt *o, const char *value)
{
	size_t len = strlen(value);

	for (const char *p = o->choices; p; p = strchr(p, '|') ? strchr(p, '|') + 1 : NULL) {
		if (strcspn(p, "|") == len && strncmp(p, value, len) == 0)
			return true;
	}
	return false;
}

static void replace_string(char **p, const char *value)
{
	char *old = *p;

	/* The empty text is "not set": opt_format() of NULL must be settable again. */
	*p = *value ? xstrdup(value) : NULL;
	free(old);
}

static void add_line(char **p, const char *value)
{
	struct buf lines = BUF_INIT;

	buf_addf(&lines, "%s\n%s", *p, value);
	free(*p);
	*p = buf_steal(&lines);
}

int opt_refuse_secret(const struct opt *o, const char *what, struct err *err)
{
	return err_usage(err,
			 "%s: %s is a secret, and others can read command lines and databases: "
			 "write it to a file and give %s=FILE",
			 what, o->name, o->choices);
}

static int opt_store(const struct opt *o, void *base, const char *value, const char *what,
		     struct err *err)
{
	void *p = field(o, base);
	uint64_t u64 = 0;
	double number = 0;
	bool flag = false;
	int rc = 0;

	switch (o->type) {
	case OPT_T_BOOL:
		rc = parse_bool(value, &flag);
		break;
	case OPT_T_U64:
		rc = parse_u64(value, &u64);
		break;
	case OPT_T_SIZE:
		rc = parse_size(value, &u64);
		break;
	case OPT_T_DURATION:
		if (o->word && strcmp(value, o->word) == 0) {
			*(uint64_t *)p = OPT_WORD;
			return 0;
		}
		rc = parse_duration(value, &u64);
		break;
	case OPT_T_DOUBLE:
		rc = parse_double(value, &number);
		break;
	case OPT_T_CHOICE:
		if (!is_choice(o, value) && (*value || o->def))
			return err_usage(err, "%s: %s=%s is none of %s", what, o->name, value,
					 o->choices);
		break;
	case OPT_T_SECRET:
		return opt_refuse_secret(o, what, err);
	case OPT_T_STRING:
	case OPT_T_END:
		break;
	}
	if (rc == -ERANGE)
		return err_usage(err, "%s: %s=%s is too large", what, o->name, value);
	if (rc < 0)
		return err_usage(err, "%s: %s=%s: '%s' is not %s%s%s", what, o->name, value, value,
				 type_hint[o->type], o->word ? ", nor " : "",
				 o->word ? o->word : "");

	switch (o->type) {
	case OPT_T_BOOL:
		*(bool *)p = flag;
		break;
	case OPT_T_U64:
	case OPT_T_SIZE:
	case OPT_T_DURATION:
		rc = check_range(o, (double)u64, value, what, err);
		if (rc == 0)
			*(uint64_t *)p = u64;
		break;
	case OPT_T_DOUBLE:
		rc = check_range(o, number, value, what, err);
		if (rc == 0)
			*(double *)p = number;
		break;
	case OPT_T_STRING:
	case OPT_T_CHOICE:
		if (o->lines && *(char **)p && *value)
			add_line(p, value);
		else
			replace_string(p, value);
		break;
	case OPT_T_SECRET:
	case OPT_T_END:
		break;
	}
	return rc;
}

const struct opt *opt_find(const struct opt *table, const char *name)
{
	for_each_opt (o, table) {
		if (opt_same_name(o->name, name))
			return o;
	}
	return NULL;
}

/* No option of that name: what was meant, or what there is. */
static int unknown_option(const struct opt *table, const char *key, const char *what,
			  struct err *err)
{
	struct buf all = BUF_INIT;
	const char **names;
	size_t nr = 0;

	for_each_opt (o, table)
		nr++;
	if (nr == 0)
		return err_usage(err, "%s has no options, so no '%s' either", what, key);

	names = xcalloc(nr + 1, sizeof(*names));
	nr = 0;
	for_each_opt (o, table) {
		if (o->type == OPT_T_SECRET)
			continue;
		buf_addf(&all, "%s%s", nr ? ", " : "it has ", o->name);
		names[nr++] = o->name;
	}
	err_unknown(err, did_you_mean(key, names), all.data, "%s has no option '%s'", what, key);
	free(names);
	buf_release(&all);
	return -EINVAL;
}

int opt_set(const struct opt *table, void *base, const char *key, const char *value,
	    const char *what, struct err *err)
{
	const struct opt *o = opt_find(table, key);

	if (!o)
		return unknown_option(table, key, what, err);
	if (value || o->type == OPT_T_SECRET)
		return opt_store(o, base, value, what, err);
	if (o->type == OPT_T_BOOL)
		return opt_store(o, base, "yes", what, err);
	return err_usage(err, "%s: %s needs a value: %s=%s", what, o->name, o->name,
			 o->choices ? o->choices : type_hint[o->type]);
}

int opt_set_pair(const struct opt *table, void *base, const char *pair, const char *what,
		 struct err *err)
{
	const char *equals = strchr(pair, '=');
	char *key;
	int rc;

	if (!equals)
		return opt_set(table, base, pair, NULL, what, err);
	key = xstrdup(pair);
	key[equals - pair] = '\0';
	rc = opt_set(table, base, key, equals + 1, what, err);
	free(key);
	return rc;
}

void opt_defaults(const struct opt *table, void *base)
{
	for_each_opt (o, table) {
		struct err err;
		int rc = 0;

		if (o->def)
			rc = opt_store(o, base, o->def, "default", &err);
		assert(rc == 0);
		(void)rc;
	}
}

void opt_release(const struct opt *table, void *base)
{
	for_each_opt (o, table) {
		if (o->type == OPT_T_STRING || o->type == OPT_T_CHOICE)
			replace_string(field(o, base), "");
	}
}

static void add_seconds(uint64_t ns, struct buf *b)
{
	buf_addf(b, "%" PRIu64 ".%09" PRIu64, ns / 1000000000, ns % 1000000000);
	while (b->data[b->len - 1] == '0')
		b->data[--b->len] = '\0';
	if (b->data[b->len - 1] == '.')
		b->data[--b->len] = '\0';
}

void opt_json(const struct opt *table, const void *base, struct buf *b)
{
	const char *comma = "";

	buf_adds(b, "{");
	for_each_opt (o, table) {
		const void *p = field(o, base);

		if (o->type == OPT_T_SECRET)
			continue;
		buf_adds(b, comma);
		comma = ",";
		buf_add_json(b, o->name);
		buf_adds(b, ":");
		switch (o->type) {
		case OPT_T_BOOL:
			buf_adds(b, *(const bool *)p ? "true" : "false");
			break;
		case OPT_T_U64:
		case OPT_T_SIZE:
			buf_addf(b, "%" PRIu64, *(const uint64_t *)p);
			break;
		case OPT_T_DURATION:
			if (is_word(o, p))
				buf_add_json(b, o->word);
			else
				add_seconds(*(const uint64_t *)p, b);
			break;
		case OPT_T_DOUBLE:
			add_double(*(const double *)p, b);
			break;
		case OPT_T_STRING:
		case OPT_T_CHOICE:
			if (*(char *const *)p)
				buf_add_json(b, *(char *const *)p);
			else
				buf_adds(b, "null");
			break;
		case OPT_T_SECRET:
		case OPT_T_END:
			break;
		}
	}
	buf_adds(b, "}");
}

#define ENDLESS 1e15 /* a bound that is there for arithmetic only */

static const char *const type_arg[] = {
	[OPT_T_BOOL] = "yes|no",   [OPT_T_U64] = "N",	 [OPT_T_SIZE] = "SIZE",
	[OPT_T_DURATION] = "TIME", [OPT_T_DOUBLE] = "X", [OPT_T_STRING] = "TEXT",
};

const char *opt_arg(const struct opt *o)
{
	return o->arg ? o->arg : o->choices ? o->choices : type_arg[o->type];
}

static void add_synopsis(const struct opt *o, enum opt_style style, struct buf *b)
{
	if (style == OPT_KEYS) {
		buf_addf(b, "%s=%s", o->name, opt_arg(o));
		return;
	}
	if (o->letter)
		buf_addf(b, "-%c, ", o->letter);
	else
		buf_adds(b, "    ");
	buf_addf(b, "--%s", o->name);
	if (o->type != OPT_T_BOOL)
		buf_addf(b, " %s", opt_arg(o));
}

/* " (default 512M; 1M to 1T)"; bounds that nobody meets are not worth words. */
static void add_default_and_range(const struct opt *o, enum opt_style style, struct buf *b)
{
	bool number = o->type == OPT_T_U64 || o->type == OPT_T_SIZE || o->type == OPT_T_DURATION ||
		      o->type == OPT_T_DOUBLE;
	bool endless = o->max >= ENDLESS;
	bool range = number && has_range(o) && !(endless && o->min == 0);
	/* A switch that is off unless given needs no word about it. */
	bool def = o->def && *o->def && !(style == OPT_FLAGS && o->type == OPT_T_BOOL);

	if (!range && !def)
		return;
	buf_adds(b, " (");
	if (def)
		buf_addf(b, "default %s", o->def);
	if (range) {
		buf_adds(b, def ? "; " : "");
		add_bound(o, o->min, b);
		buf_adds(b, endless ? " or more" : " to ");
		if (!endless)
			add_bound(o, o->max, b);
	}
	buf_adds(b, ")");
}

void opt_describe(const struct opt *o, enum opt_style style, struct buf *b)
{
	buf_adds(b, o->help ? o->help : "");
	add_default_and_range(o, style, b);
}

size_t opt_print_help(const struct opt *table, enum opt_style style, size_t indent, FILE *out)
{
	struct buf b = BUF_INIT;
	size_t width = 0;

	for_each_opt (o, table) {
		if (o->type == OPT_T_SECRET)
			continue;
		buf_reset(&b);
		add_synopsis(o, style, &b);
		if (b.len > width && b.len <= 32)
			width = b.len;
	}
	for_each_opt (o, table) {
		if (o->type == OPT_T_SECRET)
			continue;
		buf_reset(&b);
		add_synopsis(o, style, &b);
		fprintf(out, "%*s%-*s", (int)indent, "", (int)width, b.data);
		/* A long synopsis gets a line of its own, so that the others stay aligned. */
		if (b.len > width)
			fprintf(out, "\n%*s", (int)(indent + width), "");
		buf_reset(&b);
		opt_describe(o, style, &b);
		fprintf(out, "  %s\n", b.data);
	}
	buf_release(&b);
	return width;
}
