// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/mdoc.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"

#define LINE_WIDTH 76 /* mandoc's style check wants input lines below 80 bytes */

/* A backslash begins an escape, and a plain '-' prints as a hyphen that no shell takes. */
static void add_escaped(struct buf *b, const char *text, size_t len, bool quoted)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\\')
			buf_adds(b, "\\e");
		else if (text[i] == '-')
			buf_adds(b, "\\-");
		else if (text[i] == '"' && quoted)
			buf_adds(b, "\\(dq");
		else
			buf_add(b, &text[i], 1);
	}
}

/* A line of text: one that begins as a request does is none. */
static void put_line(FILE *out, const char *line)
{
	fprintf(out, "%s%s\n", *line == '.' || *line == '\'' ? "\\&" : "", line);
}

static void put_macro(FILE *out, const char *macro, const char *argument)
{
	struct buf b = BUF_INIT;

	add_escaped(&b, argument, strlen(argument), true);
	fprintf(out, ".%s \"%s\"\n", macro, b.data ? b.data : "");
	buf_release(&b);
}

void mdoc_begin(FILE *out, const char *name, int section, const char *summary)
{
	const char *epoch = getenv("SOURCE_DATE_EPOCH");
	time_t now = epoch ? (time_t)strtoll(epoch, NULL, 10) : time(NULL);
	char date[64];
	struct tm tm;

	/* "%e" pads with a blank, which mandoc takes for a bad date. */
	strftime(date, sizeof(date), "%B %d, %Y", gmtime_r(&now, &tm));
	fprintf(out, ".Dd %s\n.Dt ", date);
	for (const char *c = name; *c; c++)
		fputc(toupper((unsigned char)*c), out);
	fprintf(out, " %d\n.Os\n.Sh NAME\n.Nm %s\n", section, name);
	put_macro(out, "Nd", summary);
}

void mdoc_section(FILE *out, const char *title)
{
	fprintf(out, ".Sh %s\n", title);
}

void mdoc_synopsis(FILE *out, const char *name, const char *words)
{
	fprintf(out, ".Nm %s\n", name);
	if (*words)
		put_macro(out, "Ar", words);
}

/* Sentences begin on a line of their own, as mandoc's style check wants it. */
static bool ends_sentence(const char *word, size_t len)
{
	while (len > 1 && strchr(")'\"", word[len - 1]))
		len--;
	return len > 1 && strchr(".!?", word[len - 1]);
}

/* Writes a line that is kept until it is full. */
static void flush_line(FILE *out, struct buf *line)
{
	if (line->len)
		put_line(out, line->data);
	buf_reset(line);
}

static void add_words(FILE *out, struct buf *line, const char *text, size_t len)
{
	const char *end = text + len;

	while (text < end) {
		size_t n = strcspn(text, " \n");

		if (n > (size_t)(end - text))
			n = (size_t)(end - text);
		if (n && line->len && line->len + 1 + n > LINE_WIDTH)
			flush_line(out, line);
		if (n && line->len)
			buf_adds(line, " ");
		add_escaped(line, text, n, false);
		if (n && ends_sentence(text, n))
			flush_line(out, line);
		text += n + 1;
	}
}

static void put_words(FILE *out, const char *text)
{
	struct buf line = BUF_INIT;

	add_words(out, &line, text, strlen(text));
	flush_line(out, &line);
	buf_release(&line);
}

/* Where a block of text stands between its lines. */
struct text {
	FILE *out;
	struct buf line;
	bool literal, gap, any;
};

static void text_literal(struct text *t, bool literal)
{
	flush_line(t->out, &t->line);
	if (t->literal != literal)
		fputs(literal ? ".Bd -literal\n" : ".Ed\n", t->out);
	else if (t->gap && !literal && t->any)
		fputs(".Pp\n", t->out);
	else if (t->gap && literal)
		fputs("\n", t->out);
	/* A display ends a paragraph anyway; words after one begin the next. */
	if (t->literal && !literal)
		fputs(".Pp\n", t->out);
	t->literal = literal;
	t->gap = false;
}

static void text_line(struct text *t, const char *text, size_t len)
{
	struct buf b = BUF_INIT;
	bool literal = *text == ' ';

	if (len == 0) {
		t->gap = true;
		return;
	}
	if (literal != t->literal || t->gap)
		text_literal(t, literal);
	if (literal) {
		add_escaped(&b, text, len, false);
		put_line(t->out, b.data);
		buf_release(&b);
	} else {
		add_words(t->out, &t->line, text, len);
	}
	t->any = true;
}

void mdoc_text(FILE *out, const char *text, size_t len)
{
	struct text t = { .out = out, .line = BUF_INIT };
	const char *end = text + strnlen(text, len);

	while (text < end) {
		size_t n = strcspn(text, "\n");

		if (n > (size_t)(end - text))
			n = (size_t)(end - text);
		text_line(&t, text, n);
		text += n + 1;
	}
	flush_line(out, &t.line);
	if (t.literal)
		fputs(".Ed\n", out);
	buf_release(&t.line);
}

void mdoc_list_begin(FILE *out)
{
	fputs(".Bl -tag -width Ds\n", out);
}

void mdoc_list_end(FILE *out)
{
	fputs(".El\n", out);
}

void mdoc_list_item(FILE *out, const char *term, const char *text)
{
	put_macro(out, "It Sy", term);
	put_words(out, text);
}

static void put_option(FILE *out, const struct opt *o, enum opt_style style)
{
	struct buf text = BUF_INIT;

	opt_describe(o, style, &text);
	if (style == OPT_KEYS)
		fprintf(out, ".It Cm %s Ns = Ns Ar \"%s\"\n", o->name, opt_arg(o));
	else if (o->letter)
		fprintf(out, ".It Fl %c , Fl \\-%s", o->letter, o->name);
	else
		fprintf(out, ".It Fl \\-%s", o->name);
	if (style == OPT_FLAGS && o->type != OPT_T_BOOL)
		fprintf(out, " Ar \"%s\"", opt_arg(o));
	if (style == OPT_FLAGS)
		fputs("\n", out);
	put_words(out, text.data);
	buf_release(&text);
}

void mdoc_list_options(FILE *out, const struct opt *table, enum opt_style style)
{
	for_each_opt (o, table) {
		if (o->type != OPT_T_SECRET)
			put_option(out, o, style);
	}
}

void mdoc_see_also(FILE *out, const char *const *pages)
{
	mdoc_section(out, "SEE ALSO");
	for (; *pages; pages++)
		fprintf(out, ".Xr %s 1%s\n", *pages, pages[1] ? " ," : "");
}
