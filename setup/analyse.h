/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For `make analyse`, which looks at one file at a time: what base/err.h promises of functions whose
 * bodies are elsewhere. Included before each file but base/err.c.
 */
#ifndef SETUP_ANALYSE_H
#define SETUP_ANALYSE_H

#include "base/err.h"

#define err_failed(...)	 (err_failed(__VA_ARGS__), -EIO)
#define err_usage(...)	 (err_usage(__VA_ARGS__), -EINVAL)
#define err_missing(...) (err_missing(__VA_ARGS__), -ENOENT)

#endif
