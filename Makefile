# fmbench: see README.md. `make help` lists the targets.

.DELETE_ON_ERROR:
.DEFAULT_GOAL := all
MAKEFLAGS += --no-builtin-rules

PREFIX ?= /usr/local
CC ?= gcc
B := build
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-7s %s\n' '$(1)' '$(2)';)

PKGS := blkid hwloc inih libarchive libcgroup libkmod mount sqlite3
CFLAGS ?= -O2 -g
WARN := -Wall -Wextra -Wshadow -Wmissing-prototypes -Wstrict-prototypes -Wvla -Wwrite-strings \
	-fno-common -Werror
ALL_CFLAGS = -std=gnu17 $(CPPFLAGS) $(CFLAGS) $(WARN) -D_GNU_SOURCE -I. -pthread \
	$(shell pkg-config --cflags $(PKGS) 2>/dev/null)
ALL_LIBS = $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lnuma -lgsl -lgslcblas -llz4 -lm

DIRS := base workloads workloads/kv micro collectors backend results plots \
	harness harness/policy harness/group harness/run harness/plan harness/doctor harness/cli
SRC := $(wildcard $(DIRS:%=%/*.c))
OBJ := $(SRC:%.c=$B/obj/%.o)
LIB := $B/libfmbench.a
UNIT := $(patsubst tests/unit/%.c,$B/tests/unit/%,$(wildcard tests/unit/test_*.c))
HELPERS := $(patsubst tests/unit/%.c,$B/tests/unit/%,$(filter-out tests/unit/test_%, \
	$(wildcard tests/unit/*.c)))
BENCH := $(patsubst bench/%.c,$B/bench/%,$(wildcard bench/*.c))
C_FILES = $(wildcard $(DIRS:%=%/*.[ch]) tests/*.h tests/unit/*.[ch] tests/fuzz/*.[ch] bench/*.[ch] \
	backend/memserver/*.[ch] backend/blockserver/*.[ch] backend/pager/*.[ch] tests/pager/*.[ch] examples/*.[ch])
SHELL_FILES = $(wildcard tests/run tests/*.sh tests/fixtures/capture tests/fixtures/capture-machine tests/cli/*.sh tests/lab/*.sh tests/fuzz/*.sh \
	bench/*.sh lab/fmlab lab/in-lab lab/*.sh lab/guest/* backend/fastswap/build.sh backend/fastswap/dkms.conf setup/*.sh setup/completion/fmbench.bash .ci/run)

all: $B/fmbench ## build build/fmbench

# The version is compiled into one small file, rebuilt when it changes.
VERSION ?= $(shell git describe --always --dirty --tags 2>/dev/null || echo unknown)
$B/version: FORCE
	@mkdir -p $(@D); echo '$(VERSION)' | cmp -s - $@ || echo '$(VERSION)' >$@
$B/obj/harness/run/version.o: ALL_CFLAGS += -DFMBENCH_VERSION='"$(VERSION)"'
$B/obj/harness/run/version.o: $B/version

# Computations stand beside programs that people build so: at -O2 gcc vectorises next to nothing.
COMPUTING := $(shell grep -lE 'workloads/(compute|graph)\.h"' workloads/*.c)
$(COMPUTING:%.c=$B/obj/%.o): CFLAGS := $(CFLAGS:-O2=-O3)

# -Wa,-I.: where EMBED (base/embed.h) finds its files.
$B/obj/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(ALL_CFLAGS) -Wa,-I. -MMD -MP -c -o $@ $<

# Files compiled in by EMBED (base/embed.h): the assembler leaves no dependency behind.
EMBEDDING := $(shell grep -lw EMBED $(SRC))
$(EMBEDDING:%.c=$B/obj/%.o): $(wildcard $(foreach ext,sql gp css,$(DIRS:%=%/*.$(ext))))

$(LIB): $(filter-out $B/obj/harness/main.o,$(OBJ))
	$(call say,AR,$@)rm -f $@ && $(AR) rcs $@ $^

$B/fmbench: $B/obj/harness/main.o $(LIB)
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(ALL_LIBS)

$B/tests/unit/%: tests/unit/%.c $(LIB)
	@mkdir -p $(@D) $B/obj/tests/unit
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -MMD -MP -MF $B/obj/tests/unit/$*.d -o $@ $< \
		$(LIB) -lcmocka $(ALL_LIBS)

$B/bench/%: bench/%.c $(LIB)
	@mkdir -p $(@D) $B/obj/bench
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -MMD -MP -MF $B/obj/bench/$*.d -o $@ $< \
		$(LIB) $(ALL_LIBS)

-include $(OBJ:.o=.d) $(wildcard $B/obj/tests/unit/*.d $B/obj/bench/*.d)

deps: ## install the Debian packages that are missing, saying what for
	@setup/deps.sh

deps-workloads: ## install the Debian packages that the workloads in units/ start
	@setup/deps.sh packages-workloads

demo: ## from nothing to a table and two figures
	@setup/demo.sh

unit: $(UNIT)
bench-programs: $(BENCH)
test-helpers: $(HELPERS)

bench: all bench-programs ## what fmbench itself costs: a run, the sampler, the store
	@bench/run_cost.sh
	@$B/bench/collectors
	@$B/bench/store

check-kill: all ## SIGKILL 100 real runs at random moments: nothing may be left behind
	KILLS=$(or $(KILLS),100) FMBENCH_TEST_TIMEOUT=3600 tests/run tests/cli/kill.sh

check-long: ## all checks, on all kernels, with what repeats in its long form: hours
	@FMBENCH_LONG=1 FMBENCH_TEST_TIMEOUT=14400 setup/check.sh all kernels

check-kernels: all ## the modules' tests on the lab's other kernels, 5.10, 6.12 and 7.2
	@setup/check.sh kernels

check: ## build and run all tests, the lab's too
	@setup/check.sh

format: ## rewrite C files in the layout of .clang-format
	clang-format -i $(C_FILES)

lint: all memserver pager ## layout, shell, layering, unwanted words
	@setup/lint.sh "$(C_FILES)" "$(SHELL_FILES)"

# The manual pages, by the programs whose options they describe.
$B/man: $B/fmbench $B/memserver $B/fmpager
	$(Q)rm -rf $@ && $B/fmbench manual $@ && $B/memserver --manual >$@/memserver.8 && \
		$B/fmpager --manual >$@/fmpager.1

install: all memserver pager $B/man ## install to PREFIX (default /usr/local): programs, manual, lab …
	@DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)' UNIT_DIR='$(UNIT_DIR)' ZSH_DIR='$(ZSH_DIR)' B='$B' \
		setup/install.sh install

uninstall: ## remove what `make install` brought there, and nothing else
	@DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)' setup/install.sh uninstall

deb: ## build the Debian packages fmbench, fmbench-dkms and fmbench-memserver, unsigned, into build/
	@B='$B' VERSION='$(VERSION)' setup/deb.sh

clean: ## remove what was built, keep downloads
	rm -rf $B/obj $B/tests $B/bench $B/fmbench $(LIB) $B/asan $B/clang

distclean: ## remove build/ whole
	rm -rf $B

help:
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | \
		awk -F'\t' '{printf "  make %-18s %s\n", $$1, $$2}'

FORCE:
.PHONY: all deps deps-workloads demo unit bench-programs test-helpers bench check check-kill check-long check-kernels format lint install uninstall deb clean distclean help FORCE

-include $(wildcard */*.mk */*/*.mk)
