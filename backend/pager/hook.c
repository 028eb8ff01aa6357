// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libc's own calls of mmap and brk pass by no symbol that a library could put itself before. So the code
 * of these functions is overwritten by a jump to the ones here, which do the same and then adopt what was
 * mapped, before anybody has touched it. Where the machine's code is not known here, or can't be written,
 * reading /proc/self/maps has to do.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "backend/pager/exec.h"
#include "backend/pager/pager.h"
#include "backend/pager/thread.h"

#define NR_HOOKS 7
#define WAIT_US	 20
#define LEFT_OUT (MAP_STACK | MAP_LOCKED | MAP_HUGETLB | MAP_GROWSDOWN)

static void **current_brk; /* libc's */

/* A child that has no pager of its own yet must not register memory of its parent's; and the pager's own
 * threads go their own way. */
static bool is_attached(void)
{
	return pager.attached && !thread_is_own() && getpid() == pager.pid;
}

static void *result(long rc)
{
	if (rc >= 0 || rc < -4095)
		return (void *)rc;
	errno = (int)-rc;
	return MAP_FAILED;
}

static long raw(long number, long a, long b, long c, long d, long e, long f)
{
	long rc;
	register long r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;

	__asm__ volatile("syscall"
			 : "=a"(rc)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return rc;
}

/*
 * Before Linux 6.8 evict.c can't take a page away only if the layout is still the same. So layout
 * changes and that keep out of each other's way: who changes counts itself, unless pages are going.
 */
static _Atomic int changing;
static atomic_bool going;

/* Where libc changed something last: more than threads can have under way at once. */
#define MAX_NOTES 1024u
static struct {
	_Atomic uint64_t start, end;
} notes[MAX_NOTES];
static _Atomic uint32_t nr_notes;

static void note(long start, long bytes)
{
	uint32_t i;

	if (pager.can_move || !start || thread_is_own()) /* the helper's are evictions */
		return;
	i = nr_notes++ % MAX_NOTES;
	notes[i].end = 0;
	notes[i].start = (uint64_t)start;
	notes[i].end = ((uint64_t)(start + bytes) + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
}

void hook_enter(void)
{
	for (;;) {
		changing++;
		if (!going)
			return;
		changing--;
		usleep(WAIT_US);
	}
}

void hook_leave(void)
{
	changing--;
}

bool hook_knows(uint64_t address)
{
	for (size_t i = 0; i < MAX_NOTES; i++) {
		if (address >= notes[i].start && address < notes[i].end)
			return true;
	}
	return false;
}

bool hook_hold(void)
{
	going = true;
	if (changing)
		going = false;
	return going;
}

void hook_release(void)
{
	going = false;
}

void hook_reset(void)
{
	changing = 0;
	going = false;
}

static long change(long number, long a, long b, long c, long d, long e, long f)
{
	long rc;

	if (pager.can_move || !is_attached())
		return raw(number, a, b, c, d, e, f);
	hook_enter();
	rc = raw(number, a, b, c, d, e, f);
	hook_leave();
	return rc;
}

static void *hook_mmap(void *at, size_t bytes, int prot, int flags, int fd, off_t offset)
{
	bool anonymous = (flags & (MAP_PRIVATE | MAP_ANONYMOUS)) == (MAP_PRIVATE | MAP_ANONYMOUS);
	bool ours = anonymous && !(flags & LEFT_OUT) && is_attached();
	void *got;

	if (ours)
		flags &= ~MAP_POPULATE; /* its pages would be there before they are known */
	note((long)at, (long)bytes);
	got = result(change(SYS_mmap, (long)at, (long)bytes, prot, flags, fd, offset));
	if (got == MAP_FAILED)
		return got;
	if (ours)
		adopt_mapping((uint64_t)got, bytes);
	else if (anonymous && flags & MAP_STACK)
		region_keep_out((uint64_t)got, (uint64_t)got + bytes);
	return got;
}

static void *hook_mremap(void *old, size_t old_bytes, size_t new_bytes, int flags, ...)
{
	uint64_t start = (uint64_t)old, gap, gap_end;
	bool known;
	va_list args;
	void *at, *got;

	va_start(args, flags);
	at = flags & MREMAP_FIXED ? va_arg(args, void *) : NULL;
	va_end(args);
	known = is_attached() && old_bytes && !region_gap(start, start + old_bytes, &gap, &gap_end);
	note((long)old, (long)old_bytes);
	note((long)at, (long)new_bytes);
	got = result(change(SYS_mremap, (long)old, (long)old_bytes, (long)new_bytes, flags,
			    (long)at, 0));
	if (got == MAP_FAILED || !is_attached())
		return got;
	if (known)
		region_add((uint64_t)got,
			   (uint64_t)got + (new_bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES);
	else
		pager.look = true;
	return got;
}

static int hook_munmap(void *at, size_t bytes)
{
	note((long)at, (long)bytes);
	return result(change(SYS_munmap, (long)at, (long)bytes, 0, 0, 0, 0)) == MAP_FAILED ? -1 : 0;
}

static int hook_brk(void *to)
{
	uint64_t before = (uint64_t)*current_brk;
	uint64_t start = (before + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES, end;

	if (to && (uint64_t)to < before)
		note((long)to, (long)(before - (uint64_t)to));
	*current_brk = (void *)change(SYS_brk, (long)to, 0, 0, 0, 0, 0);
	if (*current_brk < to) {
		errno = ENOMEM;
		return -1;
	}
	end = ((uint64_t)*current_brk + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
	if (is_attached() && before && start < end)
		adopt_mapping(start, end - start);
	return 0;
}

/* MADV_FREE leaves it open when pages go, and whether they are zero. */
static int hook_madvise(void *at, size_t bytes, int advice)
{
	long rc;

	if (advice == MADV_FREE && is_attached())
		advice = MADV_DONTNEED;
	note((long)at, (long)bytes);
	rc = change(SYS_madvise, (long)at, (long)bytes, advice, 0, 0, 0);
	return result(rc) == MAP_FAILED ? -1 : 0;
}

/* A program's own call of one of these is as one of libc's. */
static long hook_syscall(long number, long a, long b, long c, long d, long e, long f)
{
	switch (number) {
	case SYS_mmap:
		return (long)hook_mmap((void *)a, (size_t)b, (int)c, (int)d, (int)e, f);
	case SYS_mremap:
		return (long)hook_mremap((void *)a, (size_t)b, (size_t)c, (int)d, (void *)e);
	case SYS_munmap:
		return hook_munmap((void *)a, (size_t)b);
	case SYS_madvise:
		return hook_madvise((void *)a, (size_t)b, (int)c);
	default:
		return (long)result(raw(number, a, b, c, d, e, f));
	}
}

static bool has_variable(char *const env[], const char *name, const char *part)
{
	for (; env && *env; env++) {
		if (strncmp(*env, name, strlen(name)) == 0 && strstr(*env, part))
			return true;
	}
	return false;
}

/* Some programs load no library, or get an environment without it: that is said, and counted. */
static int hook_execve(const char *path, char *const argv[], char *const env[])
{
	char line[400];
	const char *why = access(path, X_OK) == 0 ? exec_unpaged(path) : NULL;

	if (!why && access(path, X_OK) == 0 &&
	    !(has_variable(env, BOARD_ENV "=", "/") &&
	      has_variable(env, "LD_PRELOAD=", "libfmpager")))
		why = "gets an environment without " BOARD_ENV " or LD_PRELOAD";
	if (why) {
		pager.board->nr_bare++;
		snprintf(line, sizeof(line),
			 "runs %.200s, which %s: that is not paged, and outside the limit", path,
			 why);
		pager_say(line);
	}
	return (int)(long)result(raw(SYS_execve, (long)path, (long)argv, (long)env, 0, 0, 0));
}

/* movabs $to, %rax; jmp *%rax */
static bool patch(void *function, void *to)
{
	unsigned char code[12] = { 0x48, 0xb8, [10] = 0xff, [11] = 0xe0 };
	uint64_t page = (uint64_t)function & ~(PAGE_BYTES - 1);

	memcpy(code + 2, &to, sizeof(to));
	if (mprotect((void *)page, 2 * PAGE_BYTES, PROT_READ | PROT_WRITE | PROT_EXEC) != 0)
		return false;
	memcpy(function, code, sizeof(code));
	return mprotect((void *)page, 2 * PAGE_BYTES, PROT_READ | PROT_EXEC) == 0;
}

bool hook_libc(void)
{
	const struct {
		const char *name;
		void *to;
	} hooks[NR_HOOKS] = { { "mmap", hook_mmap },	   { "munmap", hook_munmap },
			      { "mremap", hook_mremap },   { "brk", hook_brk },
			      { "madvise", hook_madvise }, { "syscall", hook_syscall },
			      { "execve", hook_execve } };
	void *libc = dlopen("libc.so.6", RTLD_NOW | RTLD_NOLOAD), *found[NR_HOOKS];
	bool done = true;

	current_brk = libc ? dlsym(libc, "__curbrk") : NULL;
	if (!current_brk)
		return false;
	for (size_t i = 0; i < NR_HOOKS; i++) {
		found[i] = dlsym(libc, hooks[i].name);
		if (!found[i])
			return false;
	}
	for (size_t i = 0; i < NR_HOOKS; i++)
		done &= patch(found[i], hooks[i].to);
	return done;
}
