// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Times and ratios, the same for all jobs: "0s:1 10s:0.5" steps down after ten seconds, "0s:1 ~20s:0.2"
 * comes down evenly until then.
 */
#include "harness/policy/policy.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/opt.h"

struct turn {
	double at_s, ratio;
	bool ramp;
};

/* The next of the list; false: there is none. *ret_bad: the word is none. */
static bool next_turn(const char **text, struct turn *ret, char *word, size_t size, bool *ret_bad)
{
	const char *p = *text + strspn(*text, " ,\t");
	size_t len = strcspn(p, " ,\t");
	char *colon, *begin = word;
	uint64_t ns;

	*ret_bad = false;
	if (!len)
		return false;
	*text = p + len;
	snprintf(word, size, "%.*s", (int)len, p);
	ret->ramp = *begin == '~';
	begin += ret->ramp;
	colon = strchr(begin, ':');
	*ret_bad = !colon;
	if (!colon)
		return true;
	*colon = '\0';
	*ret_bad = parse_duration(begin, &ns) != 0 || parse_double(colon + 1, &ret->ratio) != 0 ||
		   !(ret->ratio > 0) || ret->ratio > 1;
	*colon = ':';
	ret->at_s = *ret_bad ? 0 : (double)ns / NSEC_PER_SEC;
	return true;
}

int schedule_check(const char *text, struct err *err)
{
	struct turn turn;
	char word[64];
	double last_s = -1;
	bool bad;

	if (!text || !text[strspn(text, " ,\t")])
		return err_usage(err,
				 "policy schedule needs its times and ratios: --schedule '0s:1 "
				 "10s:0.5 ~20s:0.2'");
	while (next_turn(&text, &turn, word, sizeof(word), &bad)) {
		if (bad)
			return err_usage(
				err,
				"schedule: '%s' is no TIME:RATIO such as 10s:0.5, or ~10s:0.5 "
				"for a ramp until then",
				word);
		if (turn.at_s <= last_s)
			return err_usage(err, "schedule: '%s' does not come after the one before",
					 word);
		if (last_s < 0 && turn.at_s > 0)
			return err_usage(err, "schedule: begin with 0s:RATIO, not '%s'", word);
		last_s = turn.at_s;
	}
	return 0;
}

double schedule_at(const char *text, double t_s)
{
	struct turn before = { .ratio = 1 }, turn;
	char word[64];
	bool bad;

	while (next_turn(&text, &turn, word, sizeof(word), &bad)) {
		if (t_s >= turn.at_s) {
			before = turn;
			continue;
		}
		if (turn.ramp)
			return before.ratio + (turn.ratio - before.ratio) * (t_s - before.at_s) /
						      (turn.at_s - before.at_s);
		break;
	}
	return before.ratio;
}

static int schedule_check_options(const struct policy_options *o, struct err *err)
{
	return schedule_check(o->schedule, err);
}

static int schedule_decide(void *state, const struct policy_options *o, const struct policy_view *v,
			   uint64_t *ret, struct err *err)
{
	double ratio = schedule_at(o->schedule, v->t_s);

	(void)state, (void)err;
	for (size_t i = 0; i < v->nr; i++) {
		ret[i] = (uint64_t)(ratio * (double)v->jobs[i].peak_bytes);
		if (ret[i] < v->jobs[i].least_bytes)
			ret[i] = v->jobs[i].least_bytes;
	}
	return 0;
}

const struct policy policy_schedule = {
	.name = "schedule",
	.summary = "times and ratios: steps, ramps, squeeze and release (--schedule)",
	.again = true,
	.check = schedule_check_options,
	.decide = schedule_decide,
};
