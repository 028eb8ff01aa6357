/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which process a pid means: pids are recycled, a pid with its start time is not (within one
 * boot). Always asks the running kernel's /proc, never a captured tree.
 */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define BOOT_ID_SIZE 37

/* This process's pid as /proc has it. In a pid namespace of its own it is not getpid(), where /proc is still the
 * one outside. */
pid_t process_self(void);
/* Field 22 of /proc/PID/stat, clock ticks since boot. -ESRCH: no such process, or a zombie. */
int process_start(pid_t pid, uint64_t *ret_ticks);
/* That very process is there and has not ended. */
bool process_alive(pid_t pid, uint64_t start_ticks);
/* /proc/sys/kernel/random/boot_id; "-" where there is none. */
void process_boot_id(char dst[BOOT_ID_SIZE]);

/* CPU time so far of all processes of a process group that are there, with the children that each has
 * waited for; a clock tick (10 ms) is its grain. */
void process_group_cpu(pid_t group, uint64_t *ret_user_ns, uint64_t *ret_system_ns);

/* The path of the program that this process runs. 0 or -errno. */
int process_program(char *dst, size_t size);
/* "DIR/NAME", DIR being the program's directory. 0 or -errno. */
int process_beside(char *dst, size_t size, const char *name);
/*
 * A file that comes with fmbench, "lab/fmlab": build/fmbench has it in .., PREFIX/bin/fmbench in
 * ../share/fmbench. 0; -ENOENT with the last path that was tried in dst; -errno.
 */
int process_share(char *dst, size_t size, const char *name);

#endif
