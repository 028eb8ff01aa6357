# SPDX-License-Identifier: GPL-2.0-or-later
# The memory server, and what tests and measures it.

MEMSERVER_OBJ := $(patsubst %.c,$B/obj/%.o,$(wildcard backend/memserver/*.c))

memserver: $B/memserver ## build the memory server of far memory over RDMA

$B/memserver: $(MEMSERVER_OBJ) $(LIB)
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ -lrdmacm -libverbs -lnuma -lm

-include $(MEMSERVER_OBJ:.o=.d)

.PHONY: memserver
