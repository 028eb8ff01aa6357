// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/sysfile.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char root[PATH_MAX];
static pthread_once_t root_once = PTHREAD_ONCE_INIT;

static void store_root(const char *path)
{
	size_t len;

	snprintf(root, sizeof(root), "%s", path);
	len = strlen(root);
	while (len && root[len - 1] == '/')
		root[--len] = '\0';
}

static void root_from_environment(void)
{
	const char *path = getenv("FMBENCH_SYSROOT");

	store_root(path ? path : "");
}

const char *sysfile_root(void)
{
	pthread_once(&root_once, root_from_environment);
	return root;
}

void sysfile_set_root(const char *path)
{
	/* Or the first reader would take the environment's after all. */
	pthread_once(&root_once, root_from_environment);
	store_root(path);
}

int sysfile_path(char *dst, size_t size, const char *path)
{
	int len = snprintf(dst, size, "%s%s", sysfile_root(), path);

	return len < 0 || (size_t)len >= size ? -ENAMETOOLONG : 0;
}

static int open_path(const char *path, int flags)
{
	char full[PATH_MAX];
	int rc = sysfile_path(full, sizeof(full), path);

	if (rc < 0)
		return rc;
	rc = open(full, flags | O_CLOEXEC);
	return rc < 0 ? -errno : rc;
}

bool sysfile_exists(const char *path)
{
	char full[PATH_MAX];

	return sysfile_path(full, sizeof(full), path) == 0 && access(full, F_OK) == 0;
}

int sysfile_read(const char *path, struct buf *b)
{
	int fd = open_path(path, O_RDONLY);
	int rc;

	buf_reset(b);
	if (fd < 0)
		return fd;
	rc = buf_read_fd(b, fd);
	close(fd);
	return rc;
}

int sysfile_read_line(const char *path, char *dst, size_t size)
{
	struct buf b = BUF_INIT;
	int rc = sysfile_read(path, &b);

	if (rc == 0) {
		size_t len = strcspn(b.data, "\n");

		if (len >= size) {
			len = size - 1;
			rc = -ENOSPC;
		}
		memcpy(dst, b.data, len);
		dst[len] = '\0';
	}
	buf_release(&b);
	return rc;
}

/* A number that ends its word. */
static int parse_number(const char *s, uint64_t *ret_value)
{
	unsigned long long value;
	char *end;

	if (strncmp(s, "max", 3) == 0 && (!s[3] || isspace((unsigned char)s[3]))) {
		*ret_value = UINT64_MAX;
		return 0;
	}
	if (!isdigit((unsigned char)*s))
		return -EINVAL;
	errno = 0;
	value = strtoull(s, &end, 10);
	if (errno || (*end && !isspace((unsigned char)*end)))
		return -EINVAL;
	*ret_value = value;
	return 0;
}

int sysfile_read_u64(const char *path, uint64_t *ret_value)
{
	char line[64];
	uint64_t value;
	int rc = sysfile_read_line(path, line, sizeof(line));

	if (rc == -ENOSPC)
		return -EINVAL;
	if (rc < 0)
		return rc;
	/* Exactly one number: a row of several is another kind of file. */
	if (line[strcspn(line, " \t")] || parse_number(line, &value) < 0)
		return -EINVAL;
	*ret_value = value;
	return 0;
}

int sysfile_find_key(const char *text, const char *key, uint64_t *ret_value)
{
	size_t len = strlen(key);

	for (const char *line = text; line && *line;) {
		const char *next = strchr(line, '\n');

		if (strncmp(line, key, len) == 0) {
			const char *value = line + len;

			if (*value == ':') /* /proc/meminfo */
				value++;
			if (*value == ' ' || *value == '\t')
				return parse_number(value + strspn(value, " \t"), ret_value);
		}
		line = next ? next + 1 : NULL;
	}
	return -ENODATA;
}

int sysfile_read_key(const char *path, const char *key, uint64_t *ret_value)
{
	struct buf b = BUF_INIT;
	int rc = sysfile_read(path, &b);

	if (rc == 0)
		rc = sysfile_find_key(b.data, key, ret_value);
	buf_release(&b);
	return rc;
}

int sysfile_read_choice(const char *path, char *dst, size_t size)
{
	int rc = sysfile_read_line(path, dst, size);
	char *open_bracket, *close_bracket;

	if (rc < 0)
		return rc;
	open_bracket = strchr(dst, '[');
	close_bracket = open_bracket ? strchr(open_bracket, ']') : NULL;
	if (close_bracket) {
		*close_bracket = '\0';
		memmove(dst, open_bracket + 1, (size_t)(close_bracket - open_bracket));
	}
	return 0;
}

int sysfile_write(const char *path, const char *value, struct err *err)
{
	const char *text = *value ? value : "\n"; /* write() of nothing would not arrive */
	size_t len = strlen(text);
	int fd = open_path(path, O_WRONLY | O_TRUNC);
	int rc = 0;

	if (fd < 0) {
		rc = fd;
	} else {
		/* One write: the kernel takes each as one whole value. */
		ssize_t n = write(fd, text, len);

		if (n < 0)
			rc = -errno;
		else if ((size_t)n != len)
			rc = -EIO;
		close(fd);
	}
	if (rc == 0)
		return 0;
	if ((rc == -EACCES || rc == -EPERM) && geteuid() != 0) {
		err_missing(err, "cannot write '%s' to %s%s: run as root", value, sysfile_root(),
			    path);
		return rc;
	}
	return err_failed(err, -rc, "cannot write '%s' to %s%s", value, sysfile_root(), path);
}
