# SPDX-License-Identifier: GPL-2.0-or-later
# The kernel modules, their tests and their cost.

KDIR ?= /lib/modules/$(shell uname -r)/build
KERNEL ?= 6.1
MODULE_KERNELS := 6.1 5.10 6.12 7.2 7.3
FASTSWAP_SOURCES := $(wildcard backend/fastswap/*.[ch]) backend/fastswap/Kbuild \
	backend/fastswap/build.sh backend/memserver/handshake.h backend/memserver/grant.h
FASTSWAP_HELPERS := $B/tests/lab/pagecheck

modules: ## build the kernel modules for the running kernel, or for KDIR=…
	$(Q)+backend/fastswap/build.sh '$(KDIR)' $B/modules

modules-lab: $B/lab/$(KERNEL)/fastswap/fastswap.ko ## build them for a kernel of the lab: KERNEL=6.1

modules-lab-all: $(MODULE_KERNELS:%=$B/lab/%/fastswap/fastswap.ko) ## build them for all of the lab's

$B/lab/%/fastswap/fastswap.ko: $(FASTSWAP_SOURCES)
	@mkdir -p $(@D)
	$(call say,KMOD,$(@D))lab/fmlab fetch --headers $* && \
	backend/fastswap/build.sh "$$(lab/fmlab path $* headers)" $(@D) \
		"$$(awk '$$1 == "$*" { print $$2 }' lab/kernels)" "$$(lab/fmlab path $* cache)" \
		>$(@D).log 2>&1 || { cat $(@D).log >&2; exit 1; }

lint-modules: $(FASTSWAP_SOURCES) ## check the modules by sparse: KERNEL=6.1
	$(Q)rm -rf $B/lab/$(KERNEL)/lint && mkdir -p $B/lab/$(KERNEL)/lint
	$(Q)+lab/fmlab fetch --headers $(KERNEL) && FASTSWAP_MAKE="C=2 CHECK=sparse" \
	backend/fastswap/build.sh "$$(lab/fmlab path $(KERNEL) headers)" $B/lab/$(KERNEL)/lint \
		>$B/lab/$(KERNEL)/lint.log 2>&1; \
	! grep -E 'warning|error' $B/lab/$(KERNEL)/lint.log

$B/tests/lab/%: tests/lab/%.c bench/push_out.h
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) -std=gnu17 $(CFLAGS) $(WARN) -D_GNU_SOURCE -pthread -o $@ $<

lab-helpers: $(FASTSWAP_HELPERS)

soak: modules-lab $B/tests/lab/pagecheck ## check pages that come back for an hour: SECONDS=3600
	$(Q)lab/fmlab run --kernel $(KERNEL) --cpus 2 --mem 2G \
		env FASTSWAP_SOAK_SECONDS=$(or $(SECONDS),3600) tests/lab/fastswap-soak.sh

bench-fault-cost: modules-lab-all $B/bench/fault_cost ## instructions per major fault, all kernels
	$(Q)bench/fault_cost.sh $(MODULE_KERNELS)

bench-ways: modules-lab-all all $B/bench/fault_cost ## the same for each way to the same memory
	$(Q)bench/fault_cost.sh --ways 6.12 7.3

bench-page-latency: modules-lab-all $B/bench/fault_cost ## what fastswap's tracepoints tell, all kernels
	$(Q)bench/page_latency.sh $(MODULE_KERNELS)

.PHONY: modules lint-modules lab-helpers modules-lab modules-lab-all soak bench-fault-cost bench-ways bench-page-latency
