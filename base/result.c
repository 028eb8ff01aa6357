// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/result.h"

#include <stdarg.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"

static char *format(const char *fmt, va_list ap)
{
	struct buf b = BUF_INIT;

	buf_vaddf(&b, fmt, ap);
	return buf_steal(&b);
}

void results_init(struct results *r)
{
	*r = (struct results){ 0 };
}

void results_release(struct results *r)
{
	for (size_t i = 0; i < r->nr; i++) {
		free(r->rows[i].name);
		free(r->rows[i].unit);
	}
	for (size_t i = 0; i < r->nr_flags; i++)
		free(r->flags[i].detail);
	for (size_t i = 0; i < r->nr_hists; i++) {
		free(r->hists[i].name);
		hist_free(r->hists[i].hist);
	}
	free(r->rows);
	free(r->flags);
	free(r->hists);
	results_init(r);
}

void results_add(struct results *r, const char *name, const char *unit, enum better better,
		 double value)
{
	r->rows = xreallocarray(r->rows, r->nr + 1, sizeof(*r->rows));
	r->rows[r->nr++] = (struct result){
		.name = xstrdup(name),
		.unit = xstrdup(unit),
		.better = better,
		.value = value,
	};
}

void results_add_metric(struct results *r, const struct metric *m, double value)
{
	results_add(r, m->name, m->unit, m->better, value);
}

const struct result *results_find(const struct results *r, const char *name)
{
	for (size_t i = 0; i < r->nr; i++) {
		if (strcmp(r->rows[i].name, name) == 0)
			return &r->rows[i];
	}
	return NULL;
}

void results_flag(struct results *r, const char *code, enum severity severity, const char *fmt, ...)
{
	va_list ap;

	for (size_t i = 0; i < r->nr_flags; i++) {
		struct result_flag *flag = &r->flags[i];

		if (strcmp(flag->code, code) == 0) {
			if (severity > flag->severity)
				flag->severity = severity;
			return;
		}
	}
	r->flags = xreallocarray(r->flags, r->nr_flags + 1, sizeof(*r->flags));
	va_start(ap, fmt);
	r->flags[r->nr_flags++] = (struct result_flag){
		.code = code,
		.severity = severity,
		.detail = format(fmt, ap),
	};
	va_end(ap);
}

void results_add_hist(struct results *r, const char *name, struct hist *h)
{
	r->hists = xreallocarray(r->hists, r->nr_hists + 1, sizeof(*r->hists));
	r->hists[r->nr_hists++] = (struct result_hist){ .name = xstrdup(name), .hist = h };
}

void facts_init(struct facts *f)
{
	*f = (struct facts){ 0 };
}

void facts_release(struct facts *f)
{
	for (size_t i = 0; i < f->nr; i++) {
		free(f->rows[i].name);
		free(f->rows[i].value);
	}
	free(f->rows);
	facts_init(f);
}

static struct fact *find_fact(const struct facts *f, const char *name)
{
	for (size_t i = 0; i < f->nr; i++) {
		if (strcmp(f->rows[i].name, name) == 0)
			return &f->rows[i];
	}
	return NULL;
}

void facts_set(struct facts *f, const char *name, const char *fmt, ...)
{
	struct fact *fact = find_fact(f, name);
	char *value;
	va_list ap;

	/* Before the old value goes: it may be an argument. */
	va_start(ap, fmt);
	value = format(fmt, ap);
	va_end(ap);
	if (!fact) {
		f->rows = xreallocarray(f->rows, f->nr + 1, sizeof(*f->rows));
		fact = &f->rows[f->nr++];
		*fact = (struct fact){ .name = xstrdup(name) };
	}
	free(fact->value);
	fact->value = value;
}

const char *facts_get(const struct facts *f, const char *name)
{
	const struct fact *fact = find_fact(f, name);

	return fact ? fact->value : NULL;
}
