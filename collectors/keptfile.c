// SPDX-License-Identifier: GPL-2.0-or-later
#include "collectors/keptfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/sysfile.h"

int keptfile_open(struct keptfile *f, const char *dir, const char *name, struct err *err)
{
	char path[PATH_MAX], full[PATH_MAX];
	int r;

	*f = (struct keptfile)KEPTFILE_NONE;
	if (!dir)
		return err_missing(err, "%s: this run has no control group with it", name);
	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path) ||
	    sysfile_path(full, sizeof(full), path) < 0)
		return err_missing(err, "%s: the path to it is too long", name);

	f->fd = open(full, O_RDONLY | O_CLOEXEC);
	if (f->fd < 0)
		return err_missing(err, "%s can't be opened: %s", full, strerrordesc_np(errno));

	f->cap = 2048;
	do {
		f->cap *= 2;
		f->data = xreallocarray(f->data, f->cap, 1);
		r = keptfile_read(f);
	} while (r == -EMSGSIZE);
	if (r < 0) {
		keptfile_close(f);
		return err_missing(err, "%s can't be read: %s", full, strerrordesc_np(-r));
	}

	/* Later reads can't grow it. Numbers widen: to 20 digits, with names that are about as
	 * long, which is less than twice the text. */
	f->cap = 2 * strlen(f->data) + 4096;
	f->data = xreallocarray(f->data, f->cap, 1);
	return 0;
}

int keptfile_read(struct keptfile *f)
{
	size_t len = 0;

	/* A short read is not the end: seq_file hands out a page at a time. */
	for (;;) {
		ssize_t n = pread(f->fd, f->data + len, f->cap - 1 - len, (off_t)len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
		if (len == f->cap - 1)
			return -EMSGSIZE;
	}
	f->data[len] = '\0';
	return 0;
}

void keptfile_close(struct keptfile *f)
{
	if (f->fd >= 0)
		close(f->fd);
	free(f->data);
	*f = (struct keptfile)KEPTFILE_NONE;
}

bool keptfile_parse_u64(const char **text, uint64_t *ret_value)
{
	const char *p = *text;
	uint64_t value = 0;

	while (*p == ' ' || *p == '\t')
		p++;

	const char *digits = p;

	for (; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*p - '0'), &value))
			return false;
	if (p == digits || !strchr(" \t\n", *p))
		return false;
	*text = p;
	*ret_value = value;
	return true;
}

int keptfile_read_u64(struct keptfile *f, uint64_t *value, bool *have)
{
	*have = false;
	if (f->fd < 0)
		return 0;

	int r = keptfile_read(f);

	if (r < 0)
		return r;

	const char *p = f->data;

	*have = keptfile_parse_u64(&p, value);
	return 0;
}
