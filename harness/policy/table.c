// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/policy/policy.h"

#include <string.h>

#include "base/names.h"

const struct policy *const policy_table[] = {
	&policy_none,	      &policy_fixed,   &policy_uniform,
	&policy_proportional, &policy_optimal, &policy_pressure,
	&policy_schedule,     &policy_program, NULL,
};

const struct policy *policy_find(const char *name, struct err *err)
{
	const char *names[sizeof(policy_table) / sizeof(policy_table[0])] = { NULL };

	for (size_t i = 0; policy_table[i]; i++) {
		if (strcmp(policy_table[i]->name, name) == 0)
			return policy_table[i];
		names[i] = policy_table[i]->name;
	}
	err_unknown(err, did_you_mean(name, names), "`fmbench list policies` shows them",
		    "no policy '%s'", name);
	return NULL;
}
