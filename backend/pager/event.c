// SPDX-License-Identifier: GPL-2.0-or-later
/* The program changes its memory's layout: the pager's view follows. */
#include "backend/pager/pager.h"
#include "backend/pager/uffd.h"

static bool is_own(const struct space *s)
{
	return s == &pager.space;
}

static void leave_shared(struct space *s, struct page *page)
{
	if (page->flags & PAGE_SHARED)
		board_share(s->board, -1);
}

static void forget_page(struct space *s, uint64_t address, struct page *page)
{
	if (is_own(s) && page->state == PAGE_RESIDENT && pager.policy->leave)
		pager.policy->leave(&pager.policy_ctx, address / PAGE_BYTES, &page->word);
	leave_shared(s, page);
	space_forget(s, page);
}

static void serve_remove(struct space *s, uint64_t start, uint64_t end)
{
	if (is_own(s) && start == pager.discarded && end == start + PAGE_BYTES) { /* the helper's */
		pager.discarded = 0;
		return;
	}
	space_each(s, start, end, forget_page);
}

static void serve_unmap(struct space *s, uint64_t start, uint64_t end)
{
	space_each(s, start, end, forget_page);
	if (is_own(s))
		region_remove(start, end);
}

/* What the page is takes its new place. Its policy's word stays behind: it arrives anew. */
static void move_page(struct space *s, uint64_t from, uint64_t to)
{
	struct page *old = space_find(s, from), *page;
	enum page_state state;

	if (!old || (old->state == PAGE_NEW && !old->slot))
		return;
	page = space_get(s, to);
	if (!page)
		pager_die("no page table is left (more than 512 GiB touched?)");
	leave_shared(s, old);
	state = old->state;
	page->slot = old->slot;
	old->slot = NO_SLOT;
	/* Dirty even if clean: mremap() may drop the write protection. */
	space_set(s, old, PAGE_NEW);
	space_set(s, page, state);
	if (is_own(s) && state == PAGE_RESIDENT)
		pager.policy->arrive(&pager.policy_ctx, to / PAGE_BYTES, &page->word,
				     ARRIVED_AHEAD);
}

static void serve_remap(struct space *s, uint64_t from, uint64_t to, uint64_t bytes)
{
	space_each(s, to, to + bytes, forget_page);
	for (uint64_t at = 0; at < bytes; at += PAGE_BYTES)
		move_page(s, from + at, to + at);
	if (!is_own(s))
		return;
	region_remove(from, from + bytes);
	region_add(to, to + bytes);
}

/*
 * A system call of the program's own, not of libc's: before Linux 6.8 nothing keeps the next one from
 * mapping new memory where a page is being taken away. So from now on none is.
 */
static void note_change(const struct uffd_msg *m)
{
	if (pager.can_move || pager.past_libc || m->event == UFFD_EVENT_FORK ||
	    hook_knows(m->arg.remove.start) ||
	    (m->event == UFFD_EVENT_REMOVE && m->arg.remove.start == pager.discarded))
		return;
	pager.past_libc = true;
	pager_say(
		"changes its memory past libc: before Linux 6.8 (UFFDIO_MOVE) its pages can't leave "
		"any more");
}

void event_serve(struct space *s, const struct uffd_msg *m)
{
	COUNT(events, 1);
	if (is_own(s))
		note_change(m);
	switch (m->event) {
	case UFFD_EVENT_REMOVE:
		serve_remove(s, m->arg.remove.start, m->arg.remove.end);
		break;
	case UFFD_EVENT_UNMAP:
		serve_unmap(s, m->arg.remove.start, m->arg.remove.end);
		break;
	case UFFD_EVENT_REMAP:
		serve_remap(s, m->arg.remap.from, m->arg.remap.to, m->arg.remap.len);
		break;
	case UFFD_EVENT_FORK:
		fork_event(s, (int)m->arg.fork.ufd);
		break;
	}
}
