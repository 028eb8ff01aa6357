# SPDX-License-Identifier: GPL-2.0-or-later
# The lab guest: kernels are fetched once and kept under build/lab.

LAB_KERNELS := $(shell sed -n 's/^\([0-9][0-9.]*\)[[:space:]].*/\1/p' lab/kernels)

lab: ## fetch what the lab guest needs to boot and to build modules for, kernel 6.1
	@lab/fmlab fetch --headers

lab-all: ## the same for every kernel of lab/kernels
	@for kernel in $(LAB_KERNELS); do lab/fmlab fetch --headers $$kernel || exit; done

.PHONY: lab lab-all
