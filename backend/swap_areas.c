// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/swap_areas.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libmount.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "backend/backend.h"
#include "base/alloc.h"
#include "base/blockdev.h"
#include "base/log.h"
#include "base/opt.h"
#include "base/sysfile.h"

/* The first page of a swap area, as the kernel's union swap_header and mkswap(8) have it: after
 * these fields zeros up to the magic, which ends the page. */
#define SIGNATURE_OFFSET 1024
#define SIGNATURE_MAGIC	 "SWAPSPACE2"
#define MAGIC_SIZE	 (sizeof(SIGNATURE_MAGIC) - 1)
#define SIGNATURE_LABEL	 "fmbench"
#define UUID_BYTES	 16

#define GONE "\\040(deleted)" /* as /proc/swaps has it */

struct signature {
	uint32_t version;
	uint32_t last_page;
	uint32_t nr_badpages;
	uint8_t uuid[UUID_BYTES];
	char label[16];
};

static size_t page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

/*
 * libmount takes the kernel's " (deleted)" off a path (d_path(9)), which is the one sign of a device that
 * went away under its area. Rows stand in the file's order. A file that was unlinked keeps its blocks.
 */
static void find_lost(struct swap_areas *areas)
{
	struct buf text = BUF_INIT;
	const char *line;

	if (sysfile_read("/proc/swaps", &text) < 0)
		return;
	line = text.data;
	for (size_t i = 0; i < areas->nr && (line = strchr(line, '\n')); i++) {
		size_t len = strcspn(++line, " \t\n"), end = strlen(GONE);

		areas->rows[i].is_lost = !areas->rows[i].is_file && len > end &&
					 strncmp(line + len - end, GONE, end) == 0;
	}
	buf_release(&text);
}

int swap_areas_read(struct swap_areas *ret, struct err *err)
{
	struct swap_areas areas = { 0 };
	struct libmnt_table *table = NULL;
	struct libmnt_iter *iter = NULL;
	struct libmnt_fs *fs;
	char path[PATH_MAX];
	int rc;

	rc = sysfile_path(path, sizeof(path), "/proc/swaps");
	if (rc < 0)
		return err_failed(err, -rc, "/proc/swaps");
	if (access(path, R_OK) < 0)
		return err_missing(err,
				   "%s can't be read (%s): this kernel has no swap, and far "
				   "memory needs it (CONFIG_SWAP)",
				   path, strerror(errno));
	table = mnt_new_table();
	iter = mnt_new_iter(MNT_ITER_FORWARD);
	if (!table || !iter) {
		rc = err_failed(err, ENOMEM, "%s", path);
		goto out;
	}
	rc = mnt_table_parse_swaps(table, path);
	if (rc) {
		rc = err_failed(err, rc < 0 ? -rc : 0, "%s", path);
		goto out;
	}
	areas.rows = xcalloc((size_t)mnt_table_get_nents(table) + 1, sizeof(*areas.rows));
	while (mnt_table_next_fs(table, iter, &fs) == 0) {
		const char *type = mnt_fs_get_swaptype(fs);
		struct swap_area *area = &areas.rows[areas.nr++];

		area->path = xstrdup(mnt_fs_get_source(fs));
		area->is_file = type && strcmp(type, "file") == 0;
		area->size_bytes = (uint64_t)mnt_fs_get_size(fs) * 1024;
		area->used_bytes = (uint64_t)mnt_fs_get_usedsize(fs) * 1024;
		area->priority = mnt_fs_get_priority(fs);
	}
	find_lost(&areas);
	*ret = areas;
out:
	mnt_free_iter(iter);
	mnt_unref_table(table);
	return rc;
}

void swap_areas_release(struct swap_areas *areas)
{
	for (size_t i = 0; i < areas->nr; i++)
		free(areas->rows[i].path);
	free(areas->rows);
	*areas = (struct swap_areas){ 0 };
}

const struct swap_area *swap_areas_find(const struct swap_areas *areas, const char *path)
{
	for (size_t i = 0; i < areas->nr; i++)
		if (!areas->rows[i].is_lost && strcmp(areas->rows[i].path, path) == 0)
			return &areas->rows[i];
	return NULL;
}

/* Is there an entry of that path whose device was lost? */
static bool is_lost(const struct swap_areas *areas, const char *path)
{
	for (size_t i = 0; i < areas->nr; i++)
		if (areas->rows[i].is_lost && strcmp(areas->rows[i].path, path) == 0)
			return true;
	return false;
}

int swap_area_may(struct err *err)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (syscall(SYS_capget, &head, data) == 0 &&
	    data[CAP_TO_INDEX(CAP_SYS_ADMIN)].effective & CAP_TO_MASK(CAP_SYS_ADMIN))
		return 0;
	return err_missing(err, "turning swap on needs root (CAP_SYS_ADMIN): run as root, or use "
				"--in-lab");
}

int swap_uuid(char dst[SWAP_UUID_SIZE], struct err *err)
{
	static const char path[] = "/proc/sys/kernel/random/uuid";
	int rc = sysfile_read_line(path, dst, SWAP_UUID_SIZE);

	return rc ? err_failed(err, -rc, "%s", path) : 0;
}

static int uuid_parse(const char *text, uint8_t uuid[UUID_BYTES])
{
	for (size_t i = 0; i < UUID_BYTES; i++) {
		if (*text == '-')
			text++;
		if (sscanf(text, "%2" SCNx8, &uuid[i]) != 1)
			return -EINVAL;
		text += 2;
	}
	return 0;
}

/* O_EXCL on a block device fails where it is mounted or swap already (open(2)). */
static int signature_write(const char *path, const char *uuid, struct err *err)
{
	size_t size = page_size();
	struct signature sig = { .version = 1, .label = SIGNATURE_LABEL };
	char *page = NULL;
	uint64_t nr_pages;
	off_t end;
	int rc = 0;
	int fd = open(path, O_RDWR | O_EXCL | O_CLOEXEC);

	if (fd < 0)
		return err_failed(err, errno, "opening %s to make it swap", path);
	end = lseek(fd, 0, SEEK_END);
	if (end < 0) {
		rc = err_failed(err, errno, "size of %s", path);
		goto out;
	}
	nr_pages = (uint64_t)end / size;
	if (nr_pages < 2 || nr_pages - 1 > UINT32_MAX) {
		rc = err_usage(err, "%s has %" PRIu64 " pages: swap takes 2 to 2^32", path,
			       nr_pages);
		goto out;
	}
	sig.last_page = (uint32_t)(nr_pages - 1);
	if (uuid_parse(uuid, sig.uuid) < 0) {
		rc = err_usage(err, "%s is no UUID", uuid);
		goto out;
	}
	page = xcalloc(1, size);
	memcpy(page + SIGNATURE_OFFSET, &sig, sizeof(sig));
	memcpy(page + size - MAGIC_SIZE, SIGNATURE_MAGIC, MAGIC_SIZE);
	if (pwrite(fd, page, size, 0) != (ssize_t)size || fsync(fd) < 0)
		rc = err_failed(err, errno, "writing a swap signature to %s", path);
out:
	free(page);
	close(fd);
	return rc;
}

/* Does the area at path carry this UUID? 1 yes, 0 no, -EIO it can't be read, another -errno. */
static int signature_is(const char *path, const char *uuid, struct err *err)
{
	uint8_t wanted[UUID_BYTES];
	struct signature sig;
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_failed(err, errno, "opening %s to see whose swap it is", path);
	n = pread(fd, &sig, sizeof(sig), SIGNATURE_OFFSET);
	if (n < 0)
		n = err_failed(err, errno, "reading the swap signature of %s", path);
	close(fd);
	if (n < 0)
		return (int)n;
	return n == (ssize_t)sizeof(sig) && uuid_parse(uuid, wanted) == 0 &&
	       memcmp(sig.uuid, wanted, UUID_BYTES) == 0;
}

bool swap_signature_is_ours(const char *page)
{
	struct signature sig;

	memcpy(&sig, page + SIGNATURE_OFFSET, sizeof(sig));
	return memcmp(page + page_size() - MAGIC_SIZE, SIGNATURE_MAGIC, MAGIC_SIZE) == 0 &&
	       strncmp(sig.label, SIGNATURE_LABEL, sizeof(sig.label)) == 0;
}

static int clear_head(const char *path, struct err *err)
{
	char *zeros;
	int fd = open(path, O_WRONLY | O_EXCL | O_CLOEXEC), rc = 0;

	if (fd < 0)
		return err_failed(err, errno, "opening %s to clear its swap signature", path);
	zeros = xcalloc(1, BLOCKDEV_HEAD_BYTES);
	if (pwrite(fd, zeros, BLOCKDEV_HEAD_BYTES, 0) != BLOCKDEV_HEAD_BYTES || fsync(fd) < 0)
		rc = err_failed(err, errno, "clearing the swap signature of %s", path);
	free(zeros);
	close(fd);
	return rc;
}

/* Of a device whose server is lost nothing is read, and nothing can be cleared by trying again. */
int swap_signature_undo(char *const args[JOURNAL_MAX_ARGS], struct err *err)
{
	const char *path = args[0];
	int rc = access(path, F_OK) < 0 ? 0 : signature_is(path, args[1], err);

	if (rc == 1)
		rc = clear_head(path, err);
	if (rc != -EIO)
		return rc;
	log_warn("%s can't be read or written any more: the swap signature of this run (UUID %s) "
		 "stays on it",
		 path, args[1]);
	return 0;
}

static int swapon_failed(const char *path, int errnum, struct err *err)
{
	static const struct {
		int errnum;
		const char *why;
	} reasons[] = {
		{ EPERM, "it needs root (CAP_SYS_ADMIN), and a kernel takes about 30 areas" },
		{ EBUSY, "it is swap already, mounted or held by a program; see lsblk" },
		{ EINVAL, "the kernel can't swap there, e.g. a file with holes or on a file system "
			  "without swap; dmesg says why" },
		{ ENOMEM, "no memory for the map of its slots; choose a smaller -o size=" },
	};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++)
		if (reasons[i].errnum == errnum)
			return err_failed(err, errnum, "swapon %s (%s)", path, reasons[i].why);
	return err_failed(err, errnum, "swapon %s", path);
}

int swap_area_on(struct journal *j, const char *path, const char *uuid, uint64_t priority,
		 struct err *err)
{
	int flags = SWAP_FLAG_PREFER | (int)(priority & SWAP_FLAG_PRIO_MASK);
	int rc;

	rc = signature_write(path, uuid, err);
	if (rc < 0)
		return rc;
	rc = journal_add(j, err, "swapon", path, uuid, NULL);
	if (rc < 0)
		return rc;
	if (swapon(path, flags) < 0)
		return swapon_failed(path, errno, err);
	return 0;
}

static int swapoff_failed(const struct swap_area *area, int errnum, struct err *err)
{
	char used[16];

	format_size(used, sizeof(used), area->used_bytes);
	if (errnum == ENOMEM)
		return err_failed(err, errnum,
				  "swapoff %s: the %s in it do not fit into memory; end what uses "
				  "them, then run `fmbench recover`",
				  area->path, used);
	if (errnum == EPERM)
		return err_failed(err, errnum,
				  "swapoff %s needs root: run `fmbench recover` as root",
				  area->path);
	return err_failed(err, errnum, "swapoff %s (%s in it)", area->path, used);
}

int swap_area_undo(char *const args[JOURNAL_MAX_ARGS], struct err *err)
{
	const char *path = args[0], *uuid = args[1];
	const struct swap_area *area;
	struct swap_areas areas;
	int rc;

	rc = swap_areas_read(&areas, err);
	if (rc < 0)
		return rc;
	area = swap_areas_find(&areas, path);
	if (!area) {
		/* Nothing that can be undone before a reboot undoes it. */
		if (is_lost(&areas, path))
			log_warn("%s is gone while it was swap: its entry in /proc/swaps stays "
				 "until the machine is rebooted (`fmbench doctor` tells what it "
				 "means)",
				 path);
		goto out;
	}
	/* One that can't be read was lost: what the journal says of this boot must do, as only swapoff sets
	 * its pages' owners free. */
	rc = signature_is(path, uuid, err);
	if (rc <= 0 && rc != -EIO)
		goto out;
	/* A signal stops swapoff half-way; what was begun here is to be finished. */
	do
		rc = swapoff(path);
	while (rc < 0 && errno == EINTR);
	rc = rc < 0 ? swapoff_failed(area, errno, err) : 0;
out:
	swap_areas_release(&areas);
	return rc;
}

uint64_t swap_area_size_for(uint64_t need_bytes)
{
	const uint64_t mib = 1024 * 1024, slack = need_bytes / 4 + 64 * mib;

	return (need_bytes + slack + mib - 1) / mib * mib;
}

int swap_area_name(struct backend_ctx *ctx, const char *path, struct err *err)
{
	int n = snprintf(ctx->swap_device, sizeof(ctx->swap_device), "%s", path);

	if (n < (int)sizeof(ctx->swap_device))
		return 0;
	ctx->swap_device[0] = '\0';
	return err_usage(err, "%s is longer than %zu bytes: choose a shorter path", path,
			 sizeof(ctx->swap_device) - 1);
}

void swap_area_facts(const struct backend_ctx *ctx, struct facts *facts)
{
	const struct swap_area *area;
	struct swap_areas areas;
	char zswap[16];

	/* zswap stands before every swap area and keeps what it can compress. */
	if (sysfile_read_line("/sys/module/zswap/parameters/enabled", zswap, sizeof(zswap)) == 0)
		facts_set(facts, "zswap_enabled", "%s", zswap);
	if (swap_areas_read(&areas, NULL) < 0)
		return;
	facts_set(facts, "swap_areas_on", "%zu", areas.nr);
	area = swap_areas_find(&areas, ctx->swap_device);
	if (area) {
		facts_set(facts, "swap_device", "%s", area->path);
		facts_set(facts, "swap_type", "%s", area->is_file ? "file" : "partition");
		facts_set(facts, "swap_size_bytes", "%" PRIu64, area->size_bytes);
		facts_set(facts, "swap_priority", "%d", area->priority);
	}
	swap_areas_release(&areas);
}

int swap_area_health(struct backend_ctx *ctx, struct err *err)
{
	struct swap_areas areas;
	int rc = swap_areas_read(&areas, err);

	if (rc < 0)
		return rc;
	if (!swap_areas_find(&areas, ctx->swap_device))
		rc = is_lost(&areas, ctx->swap_device)
			     ? err_failed(
				       err, 0,
				       "%s is gone while it was swap, and the pages in it with it: "
				       "whoever kept them has ended or is out of reach (dmesg "
				       "says more)",
				       ctx->swap_device)
			     : err_failed(
				       err, 0,
				       "%s is no longer on: something turned it off during the run",
				       ctx->swap_device);
	swap_areas_release(&areas);
	return rc;
}

const struct backend_usage swap_usage[] = {
	{ USAGE_LOCAL, "memory_usage", "memory.current" },
	{ USAGE_FAR, "memory_usage", "memory.swap.current" },
	{ USAGE_PAGE_INS, "memory_stat", "pswpin" },
	{ USAGE_PAGE_INS, "memory_stat", "workingset_refault_anon" },
	{ USAGE_PAGE_INS, "memory_stat", "pgmajfault" },
	{ USAGE_PAGE_OUTS, "memory_stat", "pswpout" },
	{ USAGE_PAGE_OUTS, "vmstat", "pswpout" },
	{ NULL, NULL, NULL },
};
