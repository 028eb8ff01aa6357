/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Swap areas: which are on (proc(5), /proc/swaps), and turning one of fmbench's on and off. */
#ifndef BACKEND_SWAP_AREAS_H
#define BACKEND_SWAP_AREAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/backend.h"
#include "base/err.h"
#include "base/journal.h"
#include "base/result.h"

struct backend_ctx;

#define SWAP_UUID_SIZE 37
/* swapon(2): 0 to 32767, the highest is filled first. */
#define SWAP_PRIORITY_MAX 32767
/* The option of backends that turn on an area of their own. member: a uint64_t of struct S. */
#define SWAP_PRIORITY_OPT(S, member)                                                               \
	OPT_U64("priority", S, member, "32767", 0, SWAP_PRIORITY_MAX,                              \
		"swap priority; the highest area is filled first")

struct swap_area {
	char *path; /* as /proc/swaps names it, \040 and the like resolved */
	bool is_file;
	/* Its device was removed under it: /proc/swaps calls it "/dev/nvme0n1 (deleted)", no swapoff
	 * can name it any more, and it stays until a reboot. */
	bool is_lost;
	uint64_t size_bytes, used_bytes;
	int priority; /* below 0: the kernel chose it */
};

struct swap_areas {
	struct swap_area *rows;
	size_t nr;
};

int swap_areas_read(struct swap_areas *ret, struct err *err);
void swap_areas_release(struct swap_areas *areas);
/* NULL: that one is not on, or lost. */
const struct swap_area *swap_areas_find(const struct swap_areas *areas, const char *path);

/* May this process call swapon? ERR_MISSING if not. */
int swap_area_may(struct err *err);

/* A fresh UUID, as text. */
int swap_uuid(char dst[SWAP_UUID_SIZE], struct err *err);

/*
 * Write a swap signature onto a device or file of fmbench's (its content is lost), journal it, and turn
 * swap on. The UUID goes into the signature and into the journal: undoing turns off the area with
 * that UUID, never another one that has taken the same path since.
 */
int swap_area_on(struct journal *j, const char *path, const char *uuid, uint64_t priority,
		 struct err *err);

/* Whether the first page of an area, as it was read, has the signature that swap_area_on() writes. */
bool swap_signature_is_ours(const char *page);

/*
 * Journal kind "signature PATH UUID": the first BLOCKDEV_HEAD_BYTES of the area with that UUID, no longer on,
 * become the zeros that stood there before. Added before swap_area_on() by whom the device was only lent.
 * Warns where the device does not answer any more.
 */
int swap_signature_undo(char *const args[JOURNAL_MAX_ARGS], struct err *err);

/* Journal kind "swapon PATH UUID": swapoff. Warns where the device is gone: nothing can be undone then. */
int swap_area_undo(char *const args[JOURNAL_MAX_ARGS], struct err *err);

/* How large an area must be so that need_bytes fit: slots are handed out to CPUs in clusters, and
 * a page that came back may keep its slot. */
uint64_t swap_area_size_for(uint64_t need_bytes);

/* ctx->swap_device = path; fails when it is too long. */
int swap_area_name(struct backend_ctx *ctx, const char *path, struct err *err);

/* Hooks of struct backend, for any that keeps its pages in the one area ctx->swap_device. */
void swap_area_facts(const struct backend_ctx *ctx, struct facts *facts);
int swap_area_health(struct backend_ctx *ctx, struct err *err);

/*
 * Pages by the group's own counters. Page-ins: pswpin where memory.stat has it (Linux 7.3), else
 * refaults of anonymous pages (5.9 and later), which read-ahead brings too. Without either: major
 * faults, among which are those of files.
 */
extern const struct backend_usage swap_usage[];

#endif
