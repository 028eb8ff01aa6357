// SPDX-License-Identifier: GPL-2.0-or-later
/* What may come next on a command line. */
#include "tests/unit/test.h"

#include <stdlib.h>
#include <unistd.h>

#include "harness/cli/command.h"
#include "harness/cli/complete.h"

#define WORDS(...) ((char **)(const char *[]){ __VA_ARGS__, NULL })

/* The candidates, a blank after each, without what is said about them. */
static char *candidates(char *const words[])
{
	char *all = NULL, *line;
	size_t size = 0, used = 0;
	FILE *out = open_memstream(&all, &size);

	complete(command_table, words, out);
	fclose(out);
	line = all;
	while (*line) {
		size_t len = strcspn(line, "\n"), name = strcspn(line, "\t\n");

		memmove(all + used, line, name);
		used += name;
		line += len + 1;
		all[used++] = ' ';
	}
	all[used] = '\0';
	return all;
}

static void expect(const char *wanted, char *const words[])
{
	char *found = candidates(words);

	assert_string_equal(found, wanted);
	free(found);
}

static void commands_and_their_options(void **state)
{
	(void)state;
	expect("recover ", WORDS("reco"));
	expect("recover ", WORDS("help", "reco"));
	expect("", WORDS("worke")); /* hidden */
	expect("--reclaim-headroom --reclaim-step --reclaim-cpu ", WORDS("run", "--recl"));
	expect("--verbose --version ", WORDS("--ve"));
	expect("--verbose ", WORDS("run", "--ve"));
	expect("", WORDS("rnu", "x", "--re"));
}

static void values_of_options(void **state)
{
	(void)state;
	expect("csv ", WORDS("run", "--format", "c"));
	expect("--format=csv ", WORDS("run", "--format=c"));
	expect("zram,swap zram,swapfile ", WORDS("run", "--backend", "zram,sw"));
	expect("", WORDS("run", "--ratio", "")); /* no list of all numbers */
	expect(":file ", WORDS("run", "--db", "x"));
	expect("-o ", WORDS("run", "-o"));
}

static void values_of_pairs(void **state)
{
	(void)state;
	expect("memory= ", WORDS("run", "quicksort", "-o", "mem"));
	expect("zram.algorithm= ", WORDS("run", "--backend=zram", "null", "-o", "zram.a"));
	expect("", WORDS("run", "--backend", "zram", "null", "-o", "fastswap-dram.s"));
	expect("fastswap-dram.prealloc=yes ",
	       WORDS("run", "null", "-o", "fastswap-dram.prealloc=y"));
	expect("algorithm= ", WORDS("backend", "up", "zram", "-o", "al"));
	/* A value that was given already is no argument. */
	expect("quicksort ", WORDS("run", "-o", "memory=5M", "qui"));
}

static void arguments_by_their_place(void **state)
{
	(void)state;
	expect("memaslap ", WORDS("run", "mema"));
	expect("fault_latency fault_throughput ", WORDS("micro", "fault"));
	expect("", WORDS("run", "null", "mema")); /* one workload alone */
	expect("list ", WORDS("backend", "li"));
	expect("zram ", WORDS("backend", "-v", "up", "zr"));
	expect("runs ", WORDS("export", "csv", "ru"));
	expect(":file ", WORDS("merge", "one.db", "two")); /* FILE... */
	expect("ratio=1,backend=zram ", WORDS("compare", "ratio=1,backend=zr"));
	expect(":file ", WORDS("run", "--", "prog"));
	expect(":file ", WORDS("sweep", "x"));
}

static int setup(void **state)
{
	struct err err;

	(void)state;
	return common_init(&err);
}

static int teardown(void **state)
{
	(void)state;
	common_release();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_and_their_options),
		cmocka_unit_test(values_of_options),
		cmocka_unit_test(values_of_pairs),
		cmocka_unit_test(arguments_by_their_place),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
