/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MEMSERVER_LOG_H
#define MEMSERVER_LOG_H

/*
 * One line on stderr, where journald puts the time before it. What is no printable ASCII shows as \xNN,
 * wherever it comes from.
 */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * For what a peer can cause any number of times: ten lines in ten seconds, of the others the number,
 * which say_left_out() tells when the time is over. Call it now and then.
 */
void say_sparingly(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void say_left_out(void);

#endif
