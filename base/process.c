// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/process.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

/* The beginning of a small file as a string. */
static int read_text(const char *path, char *dst, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, dst, size - 1);
	close(fd);
	if (n < 0)
		return -errno;
	dst[n] = '\0';
	return 0;
}

pid_t process_self(void)
{
	char text[32] = "";
	ssize_t n = readlink("/proc/self", text, sizeof(text) - 1);
	pid_t pid = n > 0 ? atoi(text) : 0;

	return pid > 0 ? pid : getpid();
}

int process_start(pid_t pid, uint64_t *ret_ticks)
{
	char path[64], text[1024], state;
	const char *after_name;
	uint64_t ticks;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (read_text(path, text, sizeof(text)) < 0)
		return -ESRCH;
	/* The name in parentheses may itself hold blanks and parentheses. */
	after_name = strrchr(text, ')');
	if (!after_name ||
	    sscanf(after_name + 1,
		   " %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s"
		   " %" SCNu64,
		   &state, &ticks) != 2)
		return -ESRCH;
	if (state == 'Z' || state == 'X')
		return -ESRCH;
	*ret_ticks = ticks;
	return 0;
}

bool process_alive(pid_t pid, uint64_t start_ticks)
{
	uint64_t ticks;

	return pid > 0 && process_start(pid, &ticks) == 0 && ticks == start_ticks;
}

/* Ticks of one process: utime, stime, cutime and cstime. False: it is gone, or of another group. */
static bool read_cpu(const char *pid, pid_t group, uint64_t ticks[4])
{
	const char *after_name;
	char path[64], text[1024];
	int its_group;

	snprintf(path, sizeof(path), "/proc/%.20s/stat", pid);
	if (read_text(path, text, sizeof(text)) < 0)
		return false;
	after_name = strrchr(text, ')');
	return after_name &&
	       sscanf(after_name + 1,
		      " %*c %*s %d %*s %*s %*s %*s %*s %*s %*s %*s %" SCNu64 " %" SCNu64 " %" SCNu64
		      " %" SCNu64,
		      &its_group, &ticks[0], &ticks[1], &ticks[2], &ticks[3]) == 5 &&
	       its_group == group;
}

void process_group_cpu(pid_t group, uint64_t *ret_user_ns, uint64_t *ret_system_ns)
{
	uint64_t tick_ns = NSEC_PER_SEC / (uint64_t)sysconf(_SC_CLK_TCK), ticks[4];
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	*ret_user_ns = *ret_system_ns = 0;
	while (proc && (entry = readdir(proc))) {
		if (!isdigit((unsigned char)entry->d_name[0]) ||
		    !read_cpu(entry->d_name, group, ticks))
			continue;
		*ret_user_ns += (ticks[0] + ticks[2]) * tick_ns;
		*ret_system_ns += (ticks[1] + ticks[3]) * tick_ns;
	}
	if (proc)
		closedir(proc);
}

void process_boot_id(char dst[BOOT_ID_SIZE])
{
	if (read_text("/proc/sys/kernel/random/boot_id", dst, BOOT_ID_SIZE) < 0)
		strcpy(dst, "-");
	dst[strcspn(dst, "\n")] = '\0';
}

int process_program(char *dst, size_t size)
{
	ssize_t len = readlink("/proc/self/exe", dst, size);

	if (len < 0)
		return -errno;
	if ((size_t)len >= size)
		return -ENAMETOOLONG;
	dst[len] = '\0';
	return 0;
}

int process_beside(char *dst, size_t size, const char *name)
{
	char program[PATH_MAX];
	int rc = process_program(program, sizeof(program));

	if (rc == 0 && (size_t)snprintf(dst, size, "%s/%s", dirname(program), name) >= size)
		rc = -ENAMETOOLONG;
	return rc;
}

int process_share(char *dst, size_t size, const char *name)
{
	static const char *const places[] = { "..", "../share/fmbench" };
	char place[PATH_MAX];

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		int rc;

		snprintf(place, sizeof(place), "%s/%s", places[i], name);
		rc = process_beside(dst, size, place);
		if (rc)
			return rc;
		if (access(dst, F_OK) == 0)
			return 0;
	}
	return -ENOENT;
}
