// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/journal.h"

#include <assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/dirs.h"
#include "base/process.h"
#include "base/sysfile.h"

struct entry {
	char *line;		     /* as it stands in the file, without newline */
	char *text;		     /* the same, split and unescaped: what args point into */
	const struct journal_op *op; /* NULL: not known here, or with other arguments */
	char *args[JOURNAL_MAX_ARGS];
	bool undone;
};

struct journal {
	char *path;
	const struct journal_op *const *ops;
	int fd;	    /* -1: no file (yet, or any more) */
	off_t size; /* of whole lines */
	bool torn;  /* there are bytes behind them */
	pid_t owner;
	uint64_t owner_start;
	char owner_boot[BOOT_ID_SIZE];
	struct entry *entries;
	size_t nr;
};

/* --- what base can undo ------------------------------------------------------------------- */

static int undo_file(char *const args[], struct err *err)
{
	if (unlink(args[0]) == 0 || errno == ENOENT || errno == ENOTDIR)
		return 0;
	return err_failed(err, errno, "cannot remove %s", args[0]);
}

/* A cgroup is busy until the last process that was killed in it has ended. */
#define BUSY_PATIENCE_NS (5 * NSEC_PER_SEC)

static int undo_dir(char *const args[], struct err *err)
{
	uint64_t deadline = clock_ns() + BUSY_PATIENCE_NS;

	while (rmdir(args[0]) != 0) {
		if (errno == ENOENT || errno == ENOTDIR)
			return 0;
		if (errno != EBUSY || clock_ns() >= deadline)
			return err_failed(err, errno, "cannot remove %s", args[0]);
		clock_sleep_until(clock_ns() + 20 * NSEC_PER_MSEC);
	}
	return 0;
}

static int undo_write(char *const args[], struct err *err)
{
	if (!sysfile_exists(args[0]))
		return 0;
	return sysfile_write(args[0], args[1], err);
}

/* A process with gigabytes swapped out takes its time to end. */
#define KILL_PATIENCE_MS 30000

static int undo_pid(char *const args[], struct err *err)
{
	pid_t pid = atoi(args[0]);
	uint64_t start = strtoull(args[1], NULL, 10);
	struct pollfd poll_fd = { .events = POLLIN };
	int rc = 0;

	if (pid <= 0)
		return err_failed(err, 0, "'%s' is no process id", args[0]);
	poll_fd.fd = pidfd_open(pid, 0);
	if (poll_fd.fd < 0)
		return errno == ESRCH ? 0 : err_failed(err, errno, "cannot reach process %d", pid);
	/* Only now is it sure whom the descriptor means. */
	if (process_alive(pid, start)) {
		if (pidfd_send_signal(poll_fd.fd, SIGKILL, NULL, 0) != 0 && errno != ESRCH)
			rc = err_failed(err, errno, "cannot kill process %d", pid);
		else if (poll(&poll_fd, 1, KILL_PATIENCE_MS) == 0)
			rc = err_failed(err, ETIMEDOUT, "process %d was killed but does not end",
					pid);
	}
	close(poll_fd.fd);
	return rc;
}

const struct journal_op journal_ops_base[] = {
	{ "file", 1, "remove the file", undo_file, false },
	{ "dir", 1, "remove the directory", undo_dir, false },
	{ "write", 2, "write the old value to", undo_write, true },
	{ "pid", 2, "end process", undo_pid, true },
	{ 0 },
};

/* --- lines -------------------------------------------------------------------------------- */

static void add_escaped(struct buf *b, const char *s)
{
	for (; *s; s++) {
		if (*s == '\t')
			buf_adds(b, "\\t");
		else if (*s == '\n')
			buf_adds(b, "\\n");
		else if (*s == '\\')
			buf_adds(b, "\\\\");
		else
			buf_add(b, s, 1);
	}
}

static void unescape(char *s)
{
	char *to = s;

	for (; *s; s++) {
		if (*s == '\\' && s[1]) {
			s++;
			*to++ = *s == 't' ? '\t' : *s == 'n' ? '\n' : *s;
		} else {
			*to++ = *s;
		}
	}
	*to = '\0';
}

static const struct journal_op *find_op(const struct journal *j, const char *kind)
{
	for (const struct journal_op *const *table = j->ops; *table; table++) {
		for (const struct journal_op *op = *table; op->kind; op++) {
			if (strcmp(op->kind, kind) == 0)
				return op;
		}
	}
	return NULL;
}

static void take_entry(struct journal *j, const char *line)
{
	struct entry e = { .line = xstrdup(line), .text = xstrdup(line) };
	char *rest = e.text, *kind = strsep(&rest, "\t"), *arg;
	size_t nr_args = 0;

	while ((arg = strsep(&rest, "\t"))) {
		unescape(arg);
		if (nr_args < JOURNAL_MAX_ARGS)
			e.args[nr_args] = arg;
		nr_args++;
	}
	e.op = find_op(j, kind);
	if (e.op && e.op->nr_args != nr_args)
		e.op = NULL;
	j->entries = xreallocarray(j->entries, j->nr + 1, sizeof(*j->entries));
	j->entries[j->nr++] = e;
}

static void take_line(struct journal *j, const char *line)
{
	if (*line == '-') {
		size_t number = strtoul(line + 1, NULL, 10);

		if (number < j->nr)
			j->entries[number].undone = true;
	} else {
		take_entry(j, line);
	}
}

static void forget_entries(struct journal *j)
{
	for (size_t i = 0; i < j->nr; i++) {
		free(j->entries[i].line);
		free(j->entries[i].text);
	}
	free(j->entries);
	j->entries = NULL;
	j->nr = 0;
}

static bool anything_left(const struct journal *j)
{
	for (size_t i = 0; i < j->nr; i++) {
		if (!j->entries[i].undone)
			return true;
	}
	return false;
}

/* --- the file ----------------------------------------------------------------------------- */

static void sync_dir_of(const char *path)
{
	char *copy = xstrdup(path);
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	free(copy);
}

/* One write() and fdatasync(); what fails half-way is cut off before the next one. */
static int append(struct journal *j, const char *bytes, size_t len)
{
	ssize_t n;

	if (j->torn && ftruncate(j->fd, j->size) != 0)
		return -errno;
	j->torn = true;
	n = write(j->fd, bytes, len);
	if (n < 0)
		return -errno;
	if ((size_t)n != len)
		return -ENOSPC;
	if (fdatasync(j->fd) != 0)
		return -errno;
	j->torn = false;
	j->size += (off_t)len;
	return 0;
}

/* Write a whole journal under another name, then put it in place: the old or the new is there. */
static int write_anew(struct journal *j, struct err *err)
{
	struct buf b = BUF_INIT, path = BUF_INIT;
	struct journal fresh = { .size = 0 };
	int rc;

	buf_addf(&b, "fmbench-journal 1 %d %" PRIu64 " %s\n", j->owner, j->owner_start,
		 j->owner_boot);
	for (size_t i = 0; i < j->nr; i++)
		buf_addf(&b, "%s\n", j->entries[i].line);
	for (size_t i = 0; i < j->nr; i++) {
		if (j->entries[i].undone)
			buf_addf(&b, "-%zu\n", i);
	}

	buf_addf(&path, "%s.new", j->path);
	fresh.fd = open(path.data, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	rc = fresh.fd < 0 ? -errno : append(&fresh, b.data, b.len);
	if (rc == 0 && rename(path.data, j->path) != 0)
		rc = -errno;
	if (rc == 0) {
		sync_dir_of(j->path);
		if (j->fd >= 0)
			close(j->fd);
		j->fd = fresh.fd;
		j->size = fresh.size;
		j->torn = false;
	} else {
		err_failed(err, -rc, "cannot write the undo journal %s", j->path);
		if (fresh.fd >= 0) {
			close(fresh.fd);
			unlink(path.data);
		}
	}
	buf_release(&path);
	buf_release(&b);
	return rc;
}

/* Nothing is left to undo. A later entry begins a new file. */
static void remove_file(struct journal *j)
{
	if (j->fd < 0)
		return;
	unlink(j->path);
	close(j->fd);
	j->fd = -1;
	forget_entries(j);
}

int journal_create(const char *dir, const char *uuid, const struct journal_op *const *ops,
		   struct journal **ret_journal, struct err *err)
{
	struct journal *j = xcalloc(1, sizeof(*j));
	struct buf path = BUF_INIT;
	int rc;

	buf_addf(&path, "%s/%s.journal", dir, uuid);
	*j = (struct journal){ .path = buf_steal(&path), .ops = ops, .fd = -1, .owner = getpid() };
	process_start(j->owner, &j->owner_start);
	process_boot_id(j->owner_boot);
	rc = make_dirs(dir, 0700, err);
	if (rc == 0 && access(j->path, F_OK) == 0)
		rc = err_failed(err, EEXIST, "%s is there already", j->path);
	if (rc == 0)
		rc = write_anew(j, err);
	if (rc == 0)
		*ret_journal = j;
	else
		journal_free(j);
	return rc;
}

static void drop_what_the_reboot_undid(struct journal *j)
{
	char boot[BOOT_ID_SIZE];

	process_boot_id(boot);
	if (strcmp(boot, j->owner_boot) == 0)
		return;
	for (size_t i = 0; i < j->nr; i++) {
		if (j->entries[i].op && j->entries[i].op->reboot_undoes)
			j->entries[i].undone = true;
	}
}

static int parse(struct journal *j, char *text, size_t len, struct err *err)
{
	char *line = text, *newline = strchr(text, '\n');

	/* Torn in its first line: nothing was changed yet. */
	if (newline) {
		*newline = '\0';
		if (sscanf(line, "fmbench-journal 1 %d %" SCNu64 " %36s", &j->owner,
			   &j->owner_start, j->owner_boot) != 3)
			return err_failed(err, EBADMSG,
					  "%s is no undo journal that this fmbench "
					  "can read; look at it, undo by hand, remove it",
					  j->path);
		for (line = newline + 1; (newline = strchr(line, '\n')); line = newline + 1) {
			*newline = '\0';
			take_line(j, line);
		}
	}
	j->size = line - text;
	j->torn = (size_t)j->size != len;
	return 0;
}

int journal_load(const char *path, const struct journal_op *const *ops,
		 struct journal **ret_journal, struct err *err)
{
	struct journal *j = xcalloc(1, sizeof(*j));
	struct buf b = BUF_INIT;
	int rc;

	*j = (struct journal){ .path = xstrdup(path), .ops = ops, .owner = -1 };
	j->fd = open(path, O_RDWR | O_APPEND | O_CLOEXEC);
	rc = j->fd < 0 ? -errno : buf_read_fd(&b, j->fd);
	if (rc < 0) {
		err_failed(err, -rc, "cannot read the undo journal %s", path);
	} else {
		rc = parse(j, b.data, b.len, err);
		if (rc == 0)
			drop_what_the_reboot_undid(j);
	}
	buf_release(&b);
	if (rc == 0) {
		*ret_journal = j;
	} else {
		/* Unread, so perhaps not empty: the file must stay. */
		if (j->fd >= 0)
			close(j->fd);
		j->fd = -1;
		journal_free(j);
	}
	return rc;
}

/* Not another live process's, which may be about to write, nor one that grew since we read it. */
static bool is_ours_to_remove(const struct journal *j)
{
	struct stat st;

	return (j->owner == getpid() || !journal_owned(j)) && j->fd >= 0 &&
	       fstat(j->fd, &st) == 0 && st.st_size == j->size;
}

void journal_free(struct journal *j)
{
	if (!j)
		return;
	if (!anything_left(j) && is_ours_to_remove(j))
		remove_file(j);
	if (j->fd >= 0)
		close(j->fd);
	forget_entries(j);
	free(j->path);
	free(j);
}

const char *journal_path(const struct journal *j)
{
	return j->path;
}

bool journal_owned(const struct journal *j)
{
	char boot[BOOT_ID_SIZE];

	process_boot_id(boot);
	return strcmp(boot, j->owner_boot) == 0 && process_alive(j->owner, j->owner_start);
}

int journal_keep(struct journal *j, struct err *err)
{
	pid_t owner = j->owner;
	int rc;

	j->owner = 0;
	rc = write_anew(j, err);
	if (rc < 0)
		j->owner = owner;
	return rc;
}

bool journal_kept(const struct journal *j)
{
	return j->owner == 0;
}

/* --- doing and undoing -------------------------------------------------------------------- */

int journal_add(struct journal *j, struct err *err, const char *kind, ...)
{
	struct buf line = BUF_INIT;
	const char *arg;
	va_list ap;
	int rc = 0;

	buf_adds(&line, kind);
	va_start(ap, kind);
	while ((arg = va_arg(ap, const char *))) {
		buf_adds(&line, "\t");
		add_escaped(&line, arg);
	}
	va_end(ap);

	if (j->fd < 0)
		rc = write_anew(j, err);
	if (rc == 0) {
		take_entry(j, line.data);
		assert(j->entries[j->nr - 1].op); /* a kind of the tables, with its arguments */
		buf_adds(&line, "\n");
		rc = append(j, line.data, line.len);
		if (rc < 0) {
			struct entry *e = &j->entries[--j->nr];

			free(e->line);
			free(e->text);
			err_failed(err, -rc,
				   "cannot write to the undo journal %s, so nothing "
				   "was changed; make room there",
				   j->path);
		}
	}
	buf_release(&line);
	return rc < 0 ? rc : (int)j->nr - 1;
}

/* Should the line not reach the disk, the undo is only repeated, which it must bear. */
static void note_undone(struct journal *j, size_t number)
{
	char line[32];
	int len = snprintf(line, sizeof(line), "-%zu\n", number);

	j->entries[number].undone = true;
	append(j, line, (size_t)len);
}

/* The value as it can be written back: "madvise" of "always [madvise] never". */
static int read_value(const char *path, struct buf *b)
{
	char *open_bracket, *close_bracket;
	int rc = sysfile_read(path, b);

	if (rc < 0)
		return rc;
	while (b->len && b->data[b->len - 1] == '\n')
		b->data[--b->len] = '\0';
	open_bracket = strchr(b->data, '[');
	close_bracket = open_bracket ? strchr(open_bracket, ']') : NULL;
	if (close_bracket && !strchr(b->data, '\n')) {
		*close_bracket = '\0';
		b->len = (size_t)(close_bracket - open_bracket) - 1;
		memmove(b->data, open_bracket + 1, b->len + 1);
	}
	return 0;
}

int journal_process(struct journal *j, pid_t pid, struct err *err)
{
	char number[16], start[32];
	uint64_t ticks;
	int rc = process_start(pid, &ticks);

	if (rc)
		return err_failed(err, -rc, "process %d", (int)pid);
	snprintf(number, sizeof(number), "%d", (int)pid);
	snprintf(start, sizeof(start), "%" PRIu64, ticks);
	return journal_add(j, err, "pid", number, start, NULL);
}

int journal_write(struct journal *j, const char *path, const char *value, struct err *err)
{
	struct buf old = BUF_INIT, now = BUF_INIT;
	int rc = read_value(path, &old), number;

	if (rc < 0) {
		err_failed(err, -rc, "cannot read %s%s", sysfile_root(), path);
		goto out;
	}
	number = journal_add(j, err, "write", path, old.data, NULL);
	if (number < 0) {
		rc = number;
		goto out;
	}
	rc = sysfile_write(path, value, err);
	/* What was not changed must not be undone: writing it back would fail as well. */
	if (rc < 0 && read_value(path, &now) == 0 && strcmp(now.data, old.data) == 0)
		note_undone(j, (size_t)number);
out:
	buf_release(&now);
	buf_release(&old);
	return rc;
}

static int undo_entry(struct entry *e, struct err *err)
{
	int rc;

	if (!e->op)
		return err_failed(err, 0,
				  "cannot undo '%s': this fmbench knows no such entry; use "
				  "the one that wrote it",
				  e->line);
	rc = e->op->undo(e->args, err);
	if (rc < 0)
		err_prefix(err, "cannot %s %s", e->op->does, e->op->nr_args ? e->args[0] : "");
	return rc;
}

int journal_undo_to(struct journal *j, size_t mark, struct err *err)
{
	int first = 0;

	for (size_t i = j->nr; i-- > mark;) {
		struct err scratch = { .kind = ERR_NONE };
		int rc;

		if (j->entries[i].undone)
			continue;
		rc = undo_entry(&j->entries[i], first ? &scratch : err);
		if (rc == 0)
			note_undone(j, i);
		else if (!first)
			first = rc;
	}
	if (mark == 0 && !anything_left(j))
		remove_file(j);
	return first;
}

struct found {
	char *path;
	struct timespec changed;
};

static int compare_found(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	if (x->changed.tv_sec != y->changed.tv_sec)
		return x->changed.tv_sec < y->changed.tv_sec ? -1 : 1;
	if (x->changed.tv_nsec != y->changed.tv_nsec)
		return x->changed.tv_nsec < y->changed.tv_nsec ? -1 : 1;
	return strcmp(x->path, y->path);
}

int journal_each(const char *dir, int (*fn)(const char *path, void *arg), void *arg)
{
	static const char ending[] = ".journal";
	struct found *found = NULL;
	struct dirent *d;
	DIR *stream = opendir(dir);
	size_t nr = 0;
	int rc = 0;

	if (!stream)
		return errno == ENOENT ? 0 : -errno;
	while ((d = readdir(stream))) {
		size_t len = strlen(d->d_name);
		struct buf path = BUF_INIT;
		struct stat st;

		if (len < sizeof(ending) ||
		    strcmp(d->d_name + len - (sizeof(ending) - 1), ending) != 0 ||
		    fstatat(dirfd(stream), d->d_name, &st, 0) != 0)
			continue;
		buf_addf(&path, "%s/%s", dir, d->d_name);
		found = xreallocarray(found, nr + 1, sizeof(*found));
		found[nr++] = (struct found){ .path = buf_steal(&path), .changed = st.st_mtim };
	}
	closedir(stream);
	if (nr)
		qsort(found, nr, sizeof(*found), compare_found);
	for (size_t i = 0; i < nr; i++) {
		if (rc == 0)
			rc = fn(found[i].path, arg);
		free(found[i].path);
	}
	free(found);
	return rc;
}
