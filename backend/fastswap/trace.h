/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints fastswap:load, :store and :fail, of each page's way to the pool and back. Time is taken
 * while somebody listens to one of them, and costs nothing else.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM fastswap

#if !defined(FASTSWAP_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define FASTSWAP_TRACE_H

#include <linux/tracepoint.h>

int fastswap_trace_on(void);
void fastswap_trace_off(void);

DECLARE_EVENT_CLASS(fastswap_page,
	TP_PROTO(unsigned long slot, unsigned int pages, u64 latency_ns, int error),
	TP_ARGS(slot, pages, latency_ns, error),
	TP_STRUCT__entry(
		__field(unsigned long, slot)
		__field(unsigned int, pages)
		__field(unsigned long, bytes)
		__field(u64, latency_ns)
		__field(int, error)
	),
	TP_fast_assign(
		__entry->slot = slot;
		__entry->pages = pages;
		__entry->bytes = (unsigned long)pages << PAGE_SHIFT;
		__entry->latency_ns = latency_ns;
		__entry->error = error;
	),
	TP_printk("slot=%lu pages=%u bytes=%lu latency_ns=%llu error=%d", __entry->slot,
		  __entry->pages, __entry->bytes, __entry->latency_ns, __entry->error)
);

DEFINE_EVENT_FN(fastswap_page, load,
	TP_PROTO(unsigned long slot, unsigned int pages, u64 latency_ns, int error),
	TP_ARGS(slot, pages, latency_ns, error), fastswap_trace_on, fastswap_trace_off);

DEFINE_EVENT_FN(fastswap_page, store,
	TP_PROTO(unsigned long slot, unsigned int pages, u64 latency_ns, int error),
	TP_ARGS(slot, pages, latency_ns, error), fastswap_trace_on, fastswap_trace_off);

DEFINE_EVENT_FN(fastswap_page, fail,
	TP_PROTO(unsigned long slot, unsigned int pages, u64 latency_ns, int error),
	TP_ARGS(slot, pages, latency_ns, error), fastswap_trace_on, fastswap_trace_off);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
