// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/doctor/doctor.h"

#include <string.h>

#include "base/buf.h"

const char *const verdict_names[] = { "", "ok", "warning", "problem" };

const struct check_group doctor_groups[] = {
	{ "Kernel", doctor_kernel_checks },
	{ "Memory and swap", doctor_memory_checks },
	{ "Memory nodes", doctor_tier_checks },
	{ "Processors", doctor_cpu_checks },
	{ "Devices", doctor_device_checks },
	{ "Programs", doctor_tool_checks },
	{ NULL, NULL },
};

void doctor_init(struct doctor *d, const struct backend *backend, const void *backend_params,
		 const char *dir)
{
	d->backend = backend;
	d->backend_params = backend_params;
	d->dir = dir;
	d->concerns = ~0u;
	if (!backend)
		return;
	d->concerns = backend_is_far(backend) ? CONCERN_FAR : 0;
	if (backend->caps & CAP_PAGE_HOOK)
		d->concerns |= CONCERN_FASTSWAP;
	if (backend->caps & CAP_RDMA)
		d->concerns |= CONCERN_RDMA;
	if (backend->caps & CAP_TIER)
		d->concerns |= CONCERN_TIER;
	if (backend->caps & CAP_PAGER)
		d->concerns |= CONCERN_PAGER;
}

struct differing {
	const struct setting *setting;
	bool any;
};

static void see_difference(const char *path, void *arg)
{
	struct differing *differing = arg;
	char now[256];

	if (setting_differs(differing->setting, path, now, sizeof(now)))
		differing->any = true;
}

/* In a shell's words: tee takes all files of a pattern at once. */
static void fix_from_settings(const struct check *check, struct finding *f)
{
	struct buf commands = BUF_INIT;

	for (size_t i = 0; i < DOCTOR_MAX_SETTINGS && check->settings[i].files; i++) {
		struct differing differing = { .setting = &check->settings[i] };

		doctor_each_file(check->settings[i].files, see_difference, &differing);
		if (differing.any)
			buf_addf(&commands, "%secho %s | sudo tee %s", commands.len ? "; " : "",
				 check->settings[i].to, check->settings[i].files);
	}
	if (commands.len)
		fix(f, "%s", commands.data);
	buf_release(&commands);
}

void doctor_check(const struct doctor *d, const struct check *check, struct finding *f)
{
	memset(f, 0, sizeof(*f));
	if (check->concerns && !(check->concerns & d->concerns))
		return;
	check->look(d, f);
	if (f->verdict > VERDICT_OK && !f->fix[0])
		fix_from_settings(check, f);
}
