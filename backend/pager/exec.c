// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/pager/exec.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define MAX_SCRIPTS 4 /* one the interpreter of the other: as the kernel */
#define HEAD_BYTES  4096

/* Would the loader, for the sake of safety, heed no LD_PRELOAD? ld.so(8), secure-execution mode */
static const char *is_secure(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return NULL;
	if (st.st_mode & S_ISUID && st.st_uid != getuid())
		return "is set-user-ID";
	if (st.st_mode & S_ISGID && st.st_mode & S_IXGRP && st.st_gid != getgid())
		return "is set-group-ID";
	if (getuid() != 0 && getxattr(path, "security.capability", NULL, 0) > 0)
		return "has file capabilities";
	return NULL;
}

static const char *judge_elf(int fd, const char *head, size_t have)
{
	const Elf64_Ehdr *elf = (const void *)head;
	Elf64_Phdr p;

	if (have < sizeof(*elf) || elf->e_ident[EI_CLASS] != ELFCLASS64)
		return "is no 64-bit program";
	for (unsigned int i = 0; i < elf->e_phnum; i++) {
		char loader[64] = "";
		off_t at = (off_t)(elf->e_phoff + (uint64_t)i * elf->e_phentsize);

		if (pread(fd, &p, sizeof(p), at) != sizeof(p))
			return NULL;
		if (p.p_type != PT_INTERP)
			continue;
		if (pread(fd, loader, sizeof(loader) - 1, (off_t)p.p_offset) > 0 &&
		    strstr(loader, "ld-musl"))
			return "is linked with musl, not with glibc";
		return NULL;
	}
	return "is statically linked";
}

/* The interpreter that a script's first line names. False: it is no script. */
static bool interpreter(char *head, char *dst, size_t size)
{
	char *at = head + 2;

	if (strncmp(head, "#!", 2) != 0)
		return false;
	at += strspn(at, " \t");
	at[strcspn(at, " \t\n")] = '\0';
	return snprintf(dst, size, "%s", at) < (int)size;
}

const char *exec_unpaged(const char *path)
{
	_Alignas(Elf64_Ehdr) char head[HEAD_BYTES];
	char script[PATH_MAX];
	const char *why = NULL;

	for (int i = 0; i < MAX_SCRIPTS; i++) {
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		ssize_t n = fd < 0 ? 0 : read(fd, head, sizeof(head) - 1);

		head[n > 0 ? n : 0] = '\0';
		if (n > SELFMAG && memcmp(head, ELFMAG, SELFMAG) == 0) {
			why = is_secure(path);
			if (!why)
				why = judge_elf(fd, head, (size_t)n);
		}
		if (fd >= 0)
			close(fd);
		if (!interpreter(head, script, sizeof(script)))
			break;
		path = script;
	}
	return why;
}
