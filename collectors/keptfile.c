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

/* Reasons that belong to the machine or its boot, not to a fault: it does not have the file. */
static bool is_absence(int errnum)
{
	switch (errnum) {
	case ENOENT:
	case ENOTDIR:
	case ENODEV: /* the group or the device behind it went */
	case ENXIO:
	case EOPNOTSUPP: /* pressure files with psi=0 */
	case EACCES:	 /* debugfs, for all but root */
	case EPERM:	 /* debugfs, of a kernel that is locked down */
		return true;
	}
	return false;
}

static int cant(const char *what, const char *path, int errnum, struct err *err)
{
	if (is_absence(errnum))
		return err_missing(err, "%s can't be %s: %s", path, what, strerrordesc_np(errnum));
	return err_failed(err, errnum, "%s can't be %s", path, what);
}

/* To its end, from where fd stands (it does not seek) or from the beginning. */
static int read_all(struct keptfile *f, int fd, bool seeks)
{
	size_t len = 0;

	/* A short read is not the end: seq_file hands out a page at a time. */
	for (;;) {
		char *to = f->data + len;
		size_t room = f->cap - 1 - len;
		ssize_t n = seeks ? pread(fd, to, room, (off_t)len) : read(fd, to, room);

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

static int read_anew(struct keptfile *f)
{
	int fd = openat(f->fd, f->name, O_RDONLY | O_CLOEXEC), r;

	if (fd < 0)
		return -errno;
	r = read_all(f, fd, false);
	close(fd);
	return r;
}

int keptfile_read(struct keptfile *f)
{
	return f->name ? read_anew(f) : read_all(f, f->fd, true);
}

/* fd refused pread. It is read this once; later readings open the file's name in its directory. */
static int read_unseekable(struct keptfile *f, char *path)
{
	char *name = strrchr(path, '/');
	int fd = f->fd, rc;

	*name = '\0';
	f->fd = open(*path ? path : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	*name = '/';
	f->name = xstrdup(name + 1);
	rc = f->fd < 0 ? -errno : read_all(f, fd, false);
	close(fd);
	return rc;
}

static int first_read(struct keptfile *f, char *path)
{
	int rc;

	f->cap = 2048;
	do {
		f->cap *= 2;
		f->data = xreallocarray(f->data, f->cap, 1);
		rc = keptfile_read(f);
		if (rc == -ESPIPE && !f->name)
			rc = read_unseekable(f, path);
	} while (rc == -EMSGSIZE);
	return rc;
}

int keptfile_open(struct keptfile *f, const char *dir, const char *name, struct err *err)
{
	char path[PATH_MAX], full[PATH_MAX];
	int rc;

	*f = (struct keptfile)KEPTFILE_NONE;
	if (!dir)
		return err_missing(err, "%s: this run has no control group with it", name);
	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path) ||
	    sysfile_path(full, sizeof(full), path) < 0)
		return err_failed(err, ENAMETOOLONG, "%s", name);

	f->fd = open(full, O_RDONLY | O_CLOEXEC);
	if (f->fd < 0)
		return cant("opened", full, errno, err);
	rc = first_read(f, full);
	if (rc < 0) {
		keptfile_close(f);
		return cant("read", full, -rc, err);
	}

	/* Later reads can't grow it. Numbers widen: to 20 digits, with names that are about as
	 * long, which is less than twice the text. */
	f->cap = 2 * strlen(f->data) + 4096;
	f->data = xreallocarray(f->data, f->cap, 1);
	return 0;
}

int keptfile_open_if_there(struct keptfile *f, const char *dir, const char *name, struct err *err)
{
	struct err why;
	int rc = keptfile_open(f, dir, name, &why);

	if (rc < 0 && rc != -ENOENT && err)
		*err = why;
	return rc == -ENOENT ? 0 : rc;
}

void keptfile_close(struct keptfile *f)
{
	if (f->fd >= 0)
		close(f->fd);
	free(f->name);
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

	int rc = keptfile_read(f);

	if (rc < 0)
		return rc;

	const char *p = f->data;

	*have = keptfile_parse_u64(&p, value);
	return 0;
}
