/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HARNESS_VERSION_H
#define HARNESS_VERSION_H

/* `git describe --dirty` of the tree this was built from; stored with every run. */
extern const char fmbench_version[];

#endif
