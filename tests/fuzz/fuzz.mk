# SPDX-License-Identifier: GPL-2.0-or-later
# Fuzzing with libFuzzer (tests/fuzz/fuzz.h). FUZZ_SECONDS: for each target.

FUZZ_SECONDS ?= 600
FUZZ_TARGETS := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_FLAGS := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=all

fuzz: fuzz-programs ## fuzz the parsers, ten minutes each: FUZZ_SECONDS=600
	$(Q)for target in $(FUZZ_TARGETS); do \
		tests/fuzz/run.sh $$target $(FUZZ_SECONDS) || exit 1; \
	done

fuzz-programs:
	$(Q)+$(MAKE) -s CC=clang B=build/fuzz CFLAGS='$(FUZZ_FLAGS) -fsanitize=fuzzer-no-link' \
		$(FUZZ_TARGETS:%=build/fuzz/%)

build/fuzz/fuzz_%: tests/fuzz/fuzz_%.c tests/fuzz/fuzz.h $(LIB)
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) -fsanitize=fuzzer -o $@ $< $(LIB) $(ALL_LIBS)

.PHONY: fuzz fuzz-programs
