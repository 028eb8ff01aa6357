# SPDX-License-Identifier: GPL-2.0-or-later
# The user-space pager: fmpager, and the library that it has every program of a job load.

PAGER_BASE := $(addprefix base/,blockdev.c buf.c clock.c err.c find_program.c json_write.c mdoc.c names.c opt.c process.c secret.c sysfile.c)
PAGER_MAIN := backend/pager/main.c
PAGER_LIB := $(filter-out $(PAGER_MAIN) backend/pager/job.c backend/pager/report.c \
	backend/pager/unpaged.c,$(wildcard backend/pager/*.c)) \
	$(addprefix base/,blockdev.c buf.c clock.c err.c names.c opt.c process.c secret.c sysfile.c)
# What keeps a job: also in fmbench, for its backend.
PAGER_KEEP := $(addprefix $B/obj/backend/pager/,board.o exec.o job.o pools.o queue.o report.o tables.o \
	trace.o trace_file.o uffd.o \
	unpaged.o $(notdir $(patsubst %.c,%.o,$(wildcard backend/pager/p*_*.c))))
PAGER_OBJ := $(patsubst %.c,$B/obj/%.o,$(PAGER_MAIN) $(PAGER_BASE)) $(PAGER_KEEP)
PAGER_PIC := $(PAGER_LIB:%.c=$B/pic/%.o)

$(LIB): $(PAGER_KEEP)

pager: $B/fmpager $B/libfmpager.so ## build the user-space pager

$B/pic/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(ALL_CFLAGS) -fPIC -MMD -MP -c -o $@ $<

# Bound at load: resolving a symbol later would touch memory that is paged. The shared liblz4 isn't.
$B/libfmpager.so: $(PAGER_PIC) backend/pager/exports
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -shared -Wl,-z,now \
		-Wl,--version-script=backend/pager/exports -o $@ $(PAGER_PIC) -l:liblz4.a -lm

$B/fmpager: $(PAGER_OBJ)
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ -llz4 -lm

$B/tests/pager/%: tests/pager/%.c
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $<

test-helpers: pager $(addprefix $B/tests/pager/,torture chunks past_libc)

-include $(PAGER_OBJ:.o=.d) $(PAGER_PIC:.o=.d)

.PHONY: pager
