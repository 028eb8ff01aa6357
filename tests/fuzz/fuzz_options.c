// SPDX-License-Identifier: GPL-2.0-or-later
/* Values of options, as typed: what is accepted must come back the same when it is typed again. */
#include "tests/fuzz/fuzz.h"

#include "base/opt.h"

struct params {
	bool flag;
	uint64_t number, size_bytes, time_ns;
	double share;
	char *word, *choice;
};

static const struct opt opts[] = {
	OPT_BOOL("flag", struct params, flag, "no", "a flag"),
	OPT_U64("number", struct params, number, "3", 0, 1e6, "a number"),
	OPT_SIZE("size", struct params, size_bytes, "1M", 0, 1e15, "a size"),
	OPT_DURATION("time", struct params, time_ns, "1s", 0, 1e15, "a time"),
	OPT_DOUBLE("share", struct params, share, "0.5", 0, 1, "a share"),
	OPT_STRING("word", struct params, word, NULL, "a word"),
	OPT_CHOICE("choice", struct params, choice, "a", "a|b|c", "a choice"),
	OPT_END
};

static void check_round_trip(const struct params *p)
{
	struct params again = { 0 };
	struct buf first = BUF_INIT, second = BUF_INIT, value = BUF_INIT;
	struct err err = { 0 };

	opt_defaults(opts, &again);
	for_each_opt (o, opts) {
		buf_reset(&value);
		opt_format(o, p, &value);
		if (opt_set(opts, &again, o->name, value.data ? value.data : "", "fuzz", &err) != 0)
			abort();
	}
	opt_json(opts, p, &first);
	opt_json(opts, &again, &second);
	if (strcmp(first.data, second.data) != 0)
		abort();
	opt_release(opts, &again);
	buf_release(&first);
	buf_release(&second);
	buf_release(&value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), *save, *pair;
	struct params p = { 0 };
	struct err err = { 0 };

	opt_defaults(opts, &p);
	for (pair = strtok_r(text, "\n", &save); pair; pair = strtok_r(NULL, "\n", &save))
		opt_set_pair(opts, &p, pair, "fuzz", &err);
	check_round_trip(&p);
	opt_release(opts, &p);
	free(text);
	return 0;
}
