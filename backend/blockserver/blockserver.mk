# SPDX-License-Identifier: GPL-2.0-or-later
# The process behind the backends nbd and ublk.

BLOCKSERVER_OBJ := $(patsubst %.c,$B/obj/%.o,$(wildcard backend/blockserver/*.c) \
	$(addprefix base/,buf.c clock.c err.c names.c opt.c))

all: $B/fmbench-blockserver

$B/fmbench-blockserver: $(BLOCKSERVER_OBJ)
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ -luring -lm

modules-lab modules-lab-all lab-helpers: $B/fmbench-blockserver

-include $(BLOCKSERVER_OBJ:.o=.d)
