// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Time lost waiting for memory (PSI): some of the tasks, or all at once. Of the group where it is
 * on cgroup v2, and of the whole machine. Format: Documentation/accounting/psi.rst.
 */
#include "collectors/collector.h"
#include "collectors/keptfile.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"

enum { SOME_AVG10, SOME_TOTAL, FULL_AVG10, FULL_TOTAL, NR_PER_FILE };
enum { GROUP, SYSTEM, NR_FILES };

static const struct collector_key keys[NR_FILES * NR_PER_FILE] = {
	{ "some_avg10", "percent_milli", KEY_GAUGE, NULL },
	{ "some_total", "us", KEY_COUNTER, NULL },
	{ "full_avg10", "percent_milli", KEY_GAUGE, NULL },
	{ "full_total", "us", KEY_COUNTER, NULL },
	{ "system_some_avg10", "percent_milli", KEY_GAUGE, NULL },
	{ "system_some_total", "us", KEY_COUNTER, NULL },
	{ "system_full_avg10", "percent_milli", KEY_GAUGE, NULL },
	{ "system_full_total", "us", KEY_COUNTER, NULL },
};

struct pressure {
	struct keptfile file[NR_FILES];
};

static void pressure_close(void *state)
{
	struct pressure *p = state;

	if (!p)
		return;
	for (size_t i = 0; i < NR_FILES; i++)
		keptfile_close(&p->file[i]);
	free(p);
}

static int pressure_open(const struct collector_ctx *ctx, void **ret_state, struct err *err)
{
	struct pressure *p = xcalloc(1, sizeof(*p));
	const char *group = ctx->cgroup_version == 1 ? NULL : ctx->memory_dir;
	int rc = keptfile_open_if_there(&p->file[SYSTEM], "/proc/pressure", "memory", err);

	p->file[GROUP] = (struct keptfile)KEPTFILE_NONE;
	if (rc == 0)
		rc = keptfile_open(&p->file[GROUP], group, "memory.pressure", err);
	if (rc == -ENOENT && p->file[SYSTEM].fd >= 0)
		rc = 0;
	if (rc < 0) {
		pressure_close(p);
		return rc;
	}
	*ret_state = p;
	return 0;
}

/* "1.25" in thousandths, 1250. */
static bool parse_milli(const char *text, uint64_t *ret_value)
{
	uint64_t value = 0;
	int decimals = -1;

	for (; (*text >= '0' && *text <= '9') || (*text == '.' && decimals < 0); text++) {
		if (*text == '.') {
			decimals = 0;
		} else if (decimals < 3) {
			value = value * 10 + (uint64_t)(*text - '0');
			decimals += decimals >= 0;
		}
	}
	if (decimals < 0 || *text != ' ')
		return false;
	for (; decimals < 3; decimals++)
		value *= 10;
	*ret_value = value;
	return true;
}

/* A line "some avg10=0.00 avg60=0.00 avg300=0.00 total=0". */
static void parse_line(const char *text, const char *head, uint64_t values[2], bool have[2])
{
	const char *line = strstr(text, head);

	if (!line)
		return;
	line += strlen(head);
	have[0] = parse_milli(line, &values[0]);

	const char *total = strstr(line, " total=");

	if (total && total < strchrnul(line, '\n')) {
		total += strlen(" total=");
		have[1] = keptfile_parse_u64(&total, &values[1]);
	}
}

static int pressure_read(void *state, uint64_t *values, bool *have)
{
	struct pressure *p = state;

	memset(have, 0, NR_KEYS(keys) * sizeof(*have));
	for (size_t i = 0; i < NR_FILES; i++, values += NR_PER_FILE, have += NR_PER_FILE) {
		if (p->file[i].fd < 0)
			continue;

		int rc = keptfile_read(&p->file[i]);

		if (rc < 0)
			return rc;
		parse_line(p->file[i].data, "some avg10=", &values[SOME_AVG10], &have[SOME_AVG10]);
		parse_line(p->file[i].data, "full avg10=", &values[FULL_AVG10], &have[FULL_AVG10]);
	}
	return 0;
}

const struct collector collector_pressure = {
	.name = "pressure",
	.summary = "time the group and the machine lost waiting for memory (memory.pressure)",
	.scope = SCOPE_JOB,
	.keys = keys,
	.nr_keys = NR_KEYS(keys),
	.open = pressure_open,
	.read = pressure_read,
	.close = pressure_close,
};
