/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a check of doctor looks at this machine.
 *
 * To add a check: write its look() in the file of its subject, and give it a row in the table at
 * that file's end. A look reads /proc, /sys and programs' paths through base/sysfile.h, so that
 * captured trees of other machines can be examined (tests/fixtures/capture-machine); it changes
 * nothing, and says nothing about what the machine does not have and need not have.
 */
#ifndef HARNESS_LOOK_H
#define HARNESS_LOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/backend.h"
#include "base/err.h"

enum verdict { VERDICT_NONE, VERDICT_OK, VERDICT_WARNING, VERDICT_PROBLEM };

struct finding {
	enum verdict verdict; /* VERDICT_NONE: nothing to say, the check is left out */
	char found[512];
	char fix[768]; /* what the user can do; "": nothing, or nothing is needed */
};

/* What a backend has to do with: a check that concerns none of it is left out for that backend. */
enum concern {
	CONCERN_FAR = 1,      /* pages leave local memory */
	CONCERN_FASTSWAP = 2, /* fmbench's kernel modules and their page hook */
	CONCERN_RDMA = 4,
	CONCERN_TIER = 8,   /* memory nodes of several speeds */
	CONCERN_PAGER = 16, /* faults are served in user space */
};

struct doctor {
	const struct backend *backend; /* NULL: none is named */
	const void *backend_params;    /* its options */
	unsigned int concerns;	       /* of enum concern; all where no backend is named */
	const char *dir;	       /* where results go: the database's directory */
};

/* A value that --fix may write for the time of a command. */
struct setting {
	const char *files; /* a glob(7) pattern */
	const char *from;  /* written only over this value; NULL: over any other */
	const char *to;
};
#define DOCTOR_MAX_SETTINGS 2
/* Would it be written over the file's value of now, which is filled in? */
bool setting_differs(const struct setting *s, const char *path, char *now, size_t size);

struct check {
	const char *name;
	const char *why;
	unsigned int concerns; /* 0: matters to everything */
	void (*look)(const struct doctor *d, struct finding *f);
	/* What mends a warning or problem. Also the `fix` of a finding that has none of its own. */
	struct setting settings[DOCTOR_MAX_SETTINGS];
};

extern const struct check doctor_kernel_checks[], doctor_memory_checks[], doctor_cpu_checks[],
	doctor_tier_checks[], doctor_device_checks[], doctor_tool_checks[];

/* pager.c: a row of the kernel's. */
void doctor_look_pager(const struct doctor *d, struct finding *f);

void found(struct finding *f, enum verdict verdict, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void fix(struct finding *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Major * 1000 + minor: 6001 is Linux 6.1. 0 where it can't be told. release: NULL, or 128 bytes. */
unsigned int doctor_kernel(char *release);
/* Is this among the words of the file (separated by white space, commas or newlines)? */
bool doctor_has_word(const char *path, const char *word);
/* The part of a "key : value" line behind the colon; false: there is no such line. */
bool doctor_value_of(const char *path, const char *key, char *dst, size_t size);
/* Is the program in PATH, below the sysroot? */
bool doctor_has_program(const char *name);
/* Calls fn with each file that matches, without the sysroot, sorted. Returns how many. */
size_t doctor_each_file(const char *pattern, void (*fn)(const char *path, void *arg), void *arg);
/* Does the kernel load modules at all, and still? */
bool doctor_modules_possible(void);
/* True when a captured tree is examined: what only the running machine tells is left out. */
bool doctor_captured(void);
/* This is the lab's guest. */
bool doctor_in_lab(void);

#endif
