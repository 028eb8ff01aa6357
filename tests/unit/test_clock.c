// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/test.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "base/clock.h"

static void test_sleep(void **state)
{
	uint64_t deadline = clock_ns() + 20 * NSEC_PER_MSEC;

	(void)state;
	assert_int_equal(clock_sleep_until(deadline), 0);
	assert_true(clock_ns() >= deadline);
	assert_int_equal(clock_sleep_until(0), 0); /* long past */
}

static void ignore_alarm(int sig)
{
	(void)sig;
}

static void test_a_signal_ends_the_sleep(void **state)
{
	const struct sigaction action = { .sa_handler = ignore_alarm };
	uint64_t begin = clock_ns();

	(void)state;
	sigaction(SIGALRM, &action, NULL);
	ualarm(20000, 0);
	assert_int_equal(clock_sleep_until(begin + 60 * NSEC_PER_SEC), -EINTR);
	assert_true(clock_ns() - begin < 30 * NSEC_PER_SEC);
}

static void test_wall(void **state)
{
	char text[32];
	int year, month, day, hour, minute, second, used = 0;

	(void)state;
	clock_wall(text, sizeof(text));
	assert_int_equal(sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2dZ%n", &year, &month, &day, &hour,
				&minute, &second, &used),
			 6);
	assert_int_equal(used, 20);
	assert_int_equal(strlen(text), 20);
	assert_in_range(month, 1, 12);
	assert_in_range(hour, 0, 23);
	clock_wall(text, 10);
	assert_string_equal(text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sleep),
		cmocka_unit_test(test_a_signal_ends_the_sleep),
		cmocka_unit_test(test_wall),
	};

	return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
