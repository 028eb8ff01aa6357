// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/text_table.h"

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"

void table_release(struct table *t)
{
	for (size_t i = 0; i < t->nr_cells; i++)
		free(t->cells[i]);
	free(t->cells);
	t->cells = NULL;
	t->nr_cells = 0;
}

void table_add(struct table *t, const char *text)
{
	/* Doubling at powers of two: a long export has millions of cells. */
	if ((t->nr_cells & (t->nr_cells - 1)) == 0)
		t->cells = xreallocarray(t->cells, t->nr_cells ? t->nr_cells * 2 : 1,
					 sizeof(*t->cells));
	t->cells[t->nr_cells++] = xstrdup(text ? text : "-");
}

void table_addf(struct table *t, const char *fmt, ...)
{
	struct buf b = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(&b, fmt, ap);
	va_end(ap);
	table_add(t, b.data);
	buf_release(&b);
}

/* Characters, not bytes: "µs" is two. */
static size_t width_of(const char *text)
{
	size_t width = 0;

	for (; *text; text++)
		width += (*text & 0xc0) != 0x80;
	return width;
}

static bool is_empty_cell(const char *text)
{
	return strcmp(text, "-") == 0 || !*text;
}

static bool is_number(const char *text)
{
	/* "12.5 MiB", "152.0 k ops/s", but not a sentence that begins with a figure. */
	return is_empty_cell(text) || (strchr("+-0123456789", *text) && width_of(text) <= 20);
}

struct column {
	size_t width;
	bool shown, number;
};

static struct column measure(const struct table *t, size_t col)
{
	struct column c = { .width = width_of(t->cells[col]), .number = true };

	for (size_t i = col + t->nr_cols; i < t->nr_cells; i += t->nr_cols) {
		size_t width = width_of(t->cells[i]);

		if (width > c.width)
			c.width = width;
		c.shown |= !is_empty_cell(t->cells[i]);
		c.number &= is_number(t->cells[i]);
	}
	/* A table without rows still has its header. */
	c.shown |= t->nr_cells <= t->nr_cols;
	return c;
}

static void pad(struct buf *line, size_t nr)
{
	while (nr--)
		buf_adds(line, " ");
}

static void print_line(struct buf *line, FILE *out)
{
	size_t len = line->len;

	while (len && line->data[len - 1] == ' ')
		len--;
	fwrite(line->data, 1, len, out);
	fputc('\n', out);
	buf_reset(line);
}

void table_print(const struct table *t, const char *indent, FILE *out)
{
	struct column *columns = xcalloc(t->nr_cols, sizeof(*columns));
	struct buf line = BUF_INIT;

	for (size_t col = 0; col < t->nr_cols; col++)
		columns[col] = measure(t, col);
	for (size_t i = 0; i + t->nr_cols <= t->nr_cells; i += t->nr_cols) {
		buf_adds(&line, indent);
		for (size_t col = 0; col < t->nr_cols; col++) {
			const struct column *c = &columns[col];
			const char *cell = t->cells[i + col];
			size_t blank = c->width - width_of(cell);

			if (!c->shown)
				continue;
			if (c->number)
				pad(&line, blank);
			buf_adds(&line, cell);
			pad(&line, (c->number ? 0 : blank) + 2);
		}
		print_line(&line, out);
	}
	buf_release(&line);
	free(columns);
}

char *human_number(char *dst, double value)
{
	double size = fabs(value);

	if (size >= 1e9)
		snprintf(dst, HUMAN_SIZE, "%.2f G", value / 1e9);
	else if (size >= 1e6)
		snprintf(dst, HUMAN_SIZE, "%.2f M", value / 1e6);
	else if (size >= 1e4)
		snprintf(dst, HUMAN_SIZE, "%.1f k", value / 1e3);
	else if (value == floor(value) || size >= 1000)
		snprintf(dst, HUMAN_SIZE, "%.0f", value);
	else if (size >= 100)
		snprintf(dst, HUMAN_SIZE, "%.1f", value);
	else if (size >= 10)
		snprintf(dst, HUMAN_SIZE, "%.2f", value);
	else
		snprintf(dst, HUMAN_SIZE, "%.3g", value);
	return dst;
}

char *human_bytes(char *dst, double bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	size_t unit = 0;

	while (bytes >= 1024 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		bytes /= 1024;
		unit++;
	}
	snprintf(dst, HUMAN_SIZE, unit ? "%.1f %s" : "%.0f %s", bytes, units[unit]);
	return dst;
}

char *human_seconds(char *dst, double seconds)
{
	if (seconds >= 60) {
		long whole = lround(seconds);

		snprintf(dst, HUMAN_SIZE, "%ld m %02ld s", whole / 60, whole % 60);
	} else if (seconds >= 10) {
		snprintf(dst, HUMAN_SIZE, "%.1f s", seconds);
	} else if (seconds >= 1) {
		snprintf(dst, HUMAN_SIZE, "%.2f s", seconds);
	} else if (seconds >= 1e-3 || seconds == 0) {
		snprintf(dst, HUMAN_SIZE, "%.3g ms", seconds * 1e3);
	} else if (seconds >= 1e-6) {
		snprintf(dst, HUMAN_SIZE, "%.3g us", seconds * 1e6);
	} else {
		snprintf(dst, HUMAN_SIZE, "%.3g ns", seconds * 1e9);
	}
	return dst;
}

char *human_age(char *dst, double seconds)
{
	static const struct {
		double seconds;
		const char *name;
	} units[] = { { 86400, "days" }, { 3600, "h" }, { 60, "min" }, { 1, "s" } };
	size_t i = 0;

	/* Two of a unit at least: "90 min" says more than "1 h". */
	while (units[i].seconds > 1 && seconds < 2 * units[i].seconds)
		i++;
	snprintf(dst, HUMAN_SIZE, "%.0f %s", floor(seconds / units[i].seconds), units[i].name);
	return dst;
}
