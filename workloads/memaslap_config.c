// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/memaslap_config.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum section { KEY, VALUE, CMD, NONE };

struct sums {
	double weighted[2], shares[2]; /* of KEY and VALUE */
	double sets, gets;
};

/* Text of more than one word is a heading, which memaslap does not read either. */
static enum section section_of(const char *line, enum section now)
{
	static const char *const names[] = { [KEY] = "key", [VALUE] = "value", [CMD] = "cmd" };
	char word[16], more[2];

	if (sscanf(line, "%15s %1s", word, more) != 1)
		return now;
	for (size_t i = 0; i < NONE; i++) {
		if (strcmp(word, names[i]) == 0)
			return (enum section)i;
	}
	return now;
}

static int add_row(struct sums *s, enum section section, const char *line)
{
	double low, high, share;
	int cmd;

	if (section == CMD) {
		if (sscanf(line, "%d %lf", &cmd, &share) != 2 || cmd < 0 || cmd > 1 || share < 0)
			return -EINVAL;
		*(cmd ? &s->gets : &s->sets) += share;
		return 0;
	}
	if (section == NONE || sscanf(line, "%lf %lf %lf", &low, &high, &share) != 3 || low < 1 ||
	    high < low || high > 1 << 20 || share < 0)
		return -EINVAL;
	s->weighted[section] += share * (low + high) / 2;
	s->shares[section] += share;
	return 0;
}

static int read_lines(FILE *f, const char *path, struct sums *s, struct err *err)
{
	enum section section = NONE;
	unsigned int number = 0;
	char line[256];
	int rc = 0;

	while (!rc && fgets(line, sizeof(line), f)) {
		number++;
		if (isalpha((unsigned char)line[strspn(line, " \t")]))
			section = section_of(line, section);
		else if (line[strspn(line, " \t\r\n")] && add_row(s, section, line) != 0)
			rc = err_usage(
				err,
				"%s:%u: a row of key or value is LOW HIGH SHARE, one of cmd 0 "
				"SHARE (sets) or 1 SHARE (gets)",
				path, number);
	}
	return rc;
}

int memaslap_config_read(const char *path, struct memaslap_config *ret, struct err *err)
{
	struct sums s = { 0 };
	FILE *f = fopen(path, "re");
	int rc;

	if (!f)
		return err_usage(err, "memaslap: cannot read config=%s: %s", path, strerror(errno));
	rc = read_lines(f, path, &s, err);
	fclose(f);
	if (rc)
		return rc;
	if (!s.shares[KEY] || !s.shares[VALUE] || !(s.sets + s.gets))
		return err_usage(
			err, "%s: sections key, value and cmd are needed, each with a share", path);
	*ret = (struct memaslap_config){
		.key_bytes = (uint64_t)lround(s.weighted[KEY] / s.shares[KEY]),
		.value_bytes = (uint64_t)lround(s.weighted[VALUE] / s.shares[VALUE]),
		.get_share = s.gets / (s.sets + s.gets),
	};
	return 0;
}
