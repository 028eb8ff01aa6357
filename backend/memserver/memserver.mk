# SPDX-License-Identifier: GPL-2.0-or-later
# The memory server, and the programs that test it in the lab.

# It shares no more with fmbench than these, so that it builds where fmbench's libraries are not.
MEMSERVER_OBJ := $(patsubst %.c,$B/obj/%.o,$(wildcard backend/memserver/*.c) \
	$(addprefix base/,buf.c clock.c err.c mdoc.c names.c opt.c secret.c sysfile.c))
RDMA_LIBS := -lrdmacm -libverbs

memserver: $B/memserver ## build the memory server of far memory over RDMA

$B/memserver: $(MEMSERVER_OBJ)
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(RDMA_LIBS) -lnuma -lm

# All but main.c, beside a NIC that is none (tests/fake_rdma.h).
$B/tests/unit/test_memserver $B/tests/unit/test_memserver_tcp: $B/tests/unit/%: tests/unit/%.c \
	$(filter-out %/main.o,$(MEMSERVER_OBJ))
	@mkdir -p $(@D) $B/obj/tests/unit
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -MMD -MP -MF $B/obj/tests/unit/$*.d \
		-o $@ $^ -lcmocka -lnuma -lm

build/fuzz/fuzz_handshake: tests/fuzz/fuzz_handshake.c tests/fuzz/fuzz.h tests/fuzz/input.h tests/fake_rdma.h \
	$(filter-out %/main.o %/log.o,$(MEMSERVER_OBJ))
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) -fsanitize=fuzzer -o $@ $(filter %.c %.o,$^) -lnuma -lm

build/fuzz/fuzz_wire: tests/fuzz/fuzz_wire.c tests/fuzz/fuzz.h $B/obj/backend/memserver/wire.o
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) -fsanitize=fuzzer -o $@ $(filter %.c %.o,$^)

$B/tests/lab/rdma_client: tests/lab/rdma_client.c backend/memserver/handshake.h
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $< $(RDMA_LIBS)

$B/tests/lab/rdma_liar.so: tests/lab/rdma_liar.c backend/memserver/handshake.h
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -fPIC -shared -o $@ $<

# What the lab's tests need beside the modules.
modules-lab modules-lab-all lab-helpers: $B/memserver $B/tests/lab/rdma_client \
	$B/tests/lab/rdma_liar.so $B/bench/fault_median

bench-rdma: modules-lab lab-helpers ## cost of a fault over RDMA, beside the NIC's own
	$(Q)lab/fmlab run --kernel $(KERNEL) --rdma --cpus 2 --mem 2G -- bench/rdma_cost.sh

-include $(MEMSERVER_OBJ:.o=.d)

.PHONY: memserver bench-rdma
