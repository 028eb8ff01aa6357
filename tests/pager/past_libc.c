// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Gives memory back by a system call that is not libc's, as a few allocators do; then checks the rest. Of its
 * parts the one whose first page left last: an eviction, too, is a change by libc, but of the pager's.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#define PART  ((size_t)1 << 20)
#define PARTS 48u

static bool is_near(char *page)
{
	unsigned char near = 1;

	return mincore(page, 1, &near) != 0 || near & 1;
}

int main(void)
{
	char *at = mmap(NULL, PARTS * PART, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			0);
	unsigned int gone = PARTS - 1;
	long rc;

	if (at == MAP_FAILED)
		return 2;
	for (unsigned int i = 0; i < PARTS; i++)
		memset(at + i * PART, (int)i + 1, PART);
	while (gone > 0 && is_near(at + gone * PART))
		gone--;
	__asm__ volatile("syscall"
			 : "=a"(rc)
			 : "a"(SYS_munmap), "D"(at + gone * PART), "S"(PART)
			 : "rcx", "r11", "memory");
	for (unsigned int i = 0; i < PARTS && rc == 0; i++)
		rc = i != gone && (at[i * PART] != (char)(i + 1) ||
				   memcmp(at + i * PART, at + i * PART + 1, PART - 1));
	puts(rc ? "wrong" : "right");
	return rc != 0;
}
