// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/dirs.h"

#define BLOCK 65536

/* libarchive's own error numbers are no errnos. */
static int pack_failed(struct archive *a, const char *path, struct err *err)
{
	return err_failed(err, 0, "cannot write %s: %s", path, archive_error_string(a));
}

static int pack_content(struct archive *a, const char *file, const char *path, struct err *err)
{
	char block[BLOCK];
	ssize_t n = 0;
	int fd = open(file, O_RDONLY | O_CLOEXEC), rc = 0;

	if (fd < 0)
		return err_failed(err, errno, "cannot read %s", file);
	while (!rc && (n = read(fd, block, sizeof(block))) > 0) {
		if (archive_write_data(a, block, (size_t)n) < 0)
			rc = pack_failed(a, path, err);
	}
	if (n < 0 && !rc)
		rc = err_failed(err, errno, "cannot read %s", file);
	close(fd);
	return rc;
}

/* Owners are left out: they mean nothing elsewhere. */
static int pack_entry(struct archive *a, const char *file, const char *name, const char *path,
		      struct err *err)
{
	struct archive_entry *entry;
	struct stat st;
	int rc = 0;

	if (stat(file, &st) != 0)
		return err_failed(err, errno, "cannot read %s", file);
	entry = archive_entry_new();
	if (!entry)
		abort();
	archive_entry_set_pathname(entry, name);
	archive_entry_set_mode(entry, st.st_mode & (S_IFMT | 0755));
	archive_entry_set_mtime(entry, st.st_mtim.tv_sec, 0);
	archive_entry_set_size(entry, S_ISREG(st.st_mode) ? st.st_size : 0);
	if (archive_write_header(a, entry) != ARCHIVE_OK)
		rc = pack_failed(a, path, err);
	archive_entry_free(entry);
	return !rc && S_ISREG(st.st_mode) ? pack_content(a, file, path, err) : rc;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static int pack_all(struct archive *a, const char *dir, const char *first, const char *path,
		    struct err *err)
{
	char *paths[] = { (char *)dir, NULL };
	FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
	const char *slash = strrchr(dir, '/');
	size_t skip = slash ? (size_t)(slash + 1 - dir) : 0;
	char file[PATH_MAX];
	FTSENT *e;
	int rc;

	if (!tree)
		return err_failed(err, errno, "cannot read %s", dir);
	snprintf(file, sizeof(file), "%s/%s", dir, first);
	rc = pack_entry(a, file, file + skip, path, err);
	while (!rc && (e = fts_read(tree))) {
		if ((e->fts_info == FTS_D || e->fts_info == FTS_F) && strcmp(e->fts_path, file))
			rc = pack_entry(a, e->fts_path, e->fts_path + skip, path, err);
	}
	fts_close(tree);
	return rc;
}

int archive_pack(const char *dir, const char *first, const char *path, struct err *err)
{
	struct archive *a = archive_write_new();
	char new[PATH_MAX];
	int rc = 0;

	if (!a)
		abort();
	snprintf(new, sizeof(new), "%s.new", path);
	archive_write_set_format_pax_restricted(a);
	if (archive_write_add_filter_zstd(a) != ARCHIVE_OK ||
	    archive_write_open_filename(a, new) != ARCHIVE_OK)
		rc = pack_failed(a, path, err);
	if (!rc)
		rc = pack_all(a, dir, first, path, err);
	if (archive_write_close(a) != ARCHIVE_OK && !rc)
		rc = pack_failed(a, path, err);
	archive_write_free(a);
	if (!rc && rename(new, path) != 0)
		rc = err_failed(err, errno, "cannot write %s", path);
	if (rc)
		unlink(new);
	return rc;
}

static int damaged(struct archive *a, const char *path, struct err *err)
{
	const char *why = archive_error_string(a);

	return err_usage(err, "%s is truncated or damaged%s%s", path, why ? ": " : "",
			 why ? why : "");
}

/* Not one entry: what begins as zstd does was an archive once. */
static int unreadable(struct archive *a, const char *path, struct err *err)
{
	static const unsigned char magic[4] = { 0x28, 0xb5, 0x2f, 0xfd };
	unsigned char begin[4] = { 0 };
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && read(fd, begin, sizeof(begin)) == sizeof(begin) &&
	    memcmp(begin, magic, sizeof(magic)) == 0) {
		close(fd);
		return damaged(a, path, err);
	}
	if (fd >= 0)
		close(fd);
	return err_usage(err, "%s is no artifact of fmbench", path);
}

/* "NAME/first" and nothing else. */
static bool is_first(const char *name, const char *first)
{
	const char *slash = name ? strchr(name, '/') : NULL;

	return slash && strcmp(slash + 1, first) == 0;
}

/* Where an entry goes; false: out of dir. */
static bool place_of(const char *name, const char *dir, char *ret, size_t size)
{
	const char *rest = strchr(name, '/');

	if (name[0] == '/' || strstr(name, "..") || !rest)
		return false;
	return (size_t)snprintf(ret, size, "%s%s", dir, rest) < size;
}

static int unpack_file(struct archive *a, const char *to, bool program, const char *path,
		       struct err *err)
{
	char block[BLOCK];
	la_ssize_t n = 0;
	int fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, program ? 0777 : 0666), rc = 0;

	if (fd < 0)
		return err_failed(err, errno, "cannot write %s", to);
	while (!rc && (n = archive_read_data(a, block, sizeof(block))) > 0) {
		if (write(fd, block, (size_t)n) != n)
			rc = err_failed(err, errno, "cannot write %s", to);
	}
	if (n < 0 && !rc)
		rc = damaged(a, path, err);
	close(fd);
	return rc;
}

static int unpack_entry(struct archive *a, struct archive_entry *entry, const char *dir,
			const char *path, struct err *err)
{
	const char *name = archive_entry_pathname(entry);
	mode_t type = archive_entry_filetype(entry);
	char to[PATH_MAX], *slash;
	int rc;

	if (!name || (type != AE_IFREG && type != AE_IFDIR) || !place_of(name, dir, to, sizeof(to)))
		return err_usage(err, "%s has an entry that no artifact has: %s", path,
				 name ? name : "one without a name");
	if (type == AE_IFDIR)
		return make_dirs(to, 0777, err);
	slash = strrchr(to, '/');
	*slash = '\0';
	rc = make_dirs(to, 0777, err);
	*slash = '/';
	return rc ? rc : unpack_file(a, to, archive_entry_perm(entry) & 0100, path, err);
}

static int unpack_all(struct archive *a, const char *path, const char *first, const char *dir,
		      struct err *err)
{
	struct archive_entry *entry;
	int rc = archive_read_next_header(a, &entry);

	if (rc != ARCHIVE_OK)
		return unreadable(a, path, err);
	if (!is_first(archive_entry_pathname(entry), first))
		return err_usage(err, "%s is no artifact of fmbench", path);
	do {
		rc = unpack_entry(a, entry, dir, path, err);
		if (rc)
			return rc;
		rc = archive_read_next_header(a, &entry);
	} while (rc == ARCHIVE_OK);
	return rc == ARCHIVE_EOF ? 0 : damaged(a, path, err);
}

int archive_unpack(const char *path, const char *first, const char *dir, struct err *err)
{
	struct archive *a;
	struct err ignored;
	int rc;

	if (access(path, R_OK) != 0)
		return err_missing(err, "cannot read %s: %s", path, strerror(errno));
	if (access(dir, F_OK) == 0)
		return err_usage(err, "%s is there already: remove it, or name another place", dir);
	a = archive_read_new();
	if (!a)
		abort();
	archive_read_support_filter_zstd(a);
	archive_read_support_format_tar(a);
	if (archive_read_open_filename(a, path, BLOCK) != ARCHIVE_OK)
		rc = unreadable(a, path, err);
	else
		rc = unpack_all(a, path, first, dir, err);
	archive_read_free(a);
	if (rc)
		remove_tree(dir, &ignored);
	return rc;
}
