// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/plan/ratios.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/list.h"
#include "base/opt.h"

#define LEAST 0.0001

int ratio_parse(const char *text, double *ret, struct err *err)
{
	size_t len = strlen(text);
	bool percent = len && text[len - 1] == '%';
	char number[32];
	double ratio;
	int rc = -EINVAL;

	if (len < sizeof(number)) {
		memcpy(number, text, len + 1);
		number[len - percent] = '\0';
		rc = parse_double(number, &ratio);
	}
	if (!rc && percent)
		ratio /= 100;
	if (rc || !(ratio > 0 && ratio <= 1))
		return err_usage(err, "ratio '%s' is not in (0, 1]: give 0.5 or 50%%", text);
	if (ratio < LEAST)
		return err_usage(err,
				 "ratio '%s' leaves a program no memory to run in: give %g or more",
				 text, LEAST);
	*ret = ratio;
	return 0;
}

static bool has(const struct ratios *r, double ratio)
{
	for (size_t i = 0; i < r->nr; i++) {
		if (r->values[i] == ratio)
			return true;
	}
	return false;
}

int ratios_parse(const char *list, struct ratios *r, struct err *err)
{
	char *copy = xstrdup(list ? list : ""), *rest = copy, *word;
	double ratio;
	int rc = list_check(list, "--ratio", err);

	if (!rc && strchr(list, ' '))
		rc = err_usage(err, "--ratio %s: put a comma, and no space, between two ratios",
			       list);
	while (!rc && (word = strsep(&rest, ","))) {
		rc = ratio_parse(word, &ratio, err);
		if (!rc && has(r, ratio))
			rc = err_usage(err,
				       "ratio %g is there twice in '%s'; --repeat makes runs again",
				       ratio, list);
		if (!rc)
			ratios_add(r, ratio);
	}
	free(copy);
	return rc;
}

void ratios_add(struct ratios *r, double ratio)
{
	r->values = xreallocarray(r->values, r->nr + 1, sizeof(*r->values));
	r->values[r->nr++] = ratio;
}

void ratios_release(struct ratios *r)
{
	free(r->values);
	*r = (struct ratios){ 0 };
}
