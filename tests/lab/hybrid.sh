#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lab: --cpus 2 --mem 1G --cgroup hybrid
# The same on a hybrid machine: memory on v1, an empty v2 tree beside it.
exec "$(dirname "$0")/v1.sh" hybrid
