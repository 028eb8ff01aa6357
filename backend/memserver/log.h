/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MEMSERVER_LOG_H
#define MEMSERVER_LOG_H

/* One line on stderr, where journald puts the time before it. */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
