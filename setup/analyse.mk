# SPDX-License-Identifier: GPL-2.0-or-later
# make analyse: clang's analyser over fmbench and memserver, a file again only when its object is made again;
# sparse over the modules. Coccinelle is so quick that `make lint` runs it.

ANALYSED := $(patsubst %.c,$B/analysed/%,$(filter-out base/err.c harness/run/version.c, \
	$(SRC) $(wildcard backend/memserver/*.c)))

# Left out: a pointer that some other file may have left NULL, handed to strcmp() or such.
$B/analysed/%: %.c $B/obj/%.o setup/analyse.h
	@mkdir -p $(@D)
	$(call say,ANALYSE,$<)clang --analyze -include setup/analyse.h $(ALL_CFLAGS) \
		-Xclang -analyzer-output=text -Xclang -analyzer-werror \
		-Xclang -analyzer-disable-checker -Xclang core.NonNullParamChecker,unix.cstring.NullArg $< && touch $@

analyse: $(ANALYSED) lint-modules ## static analysis: clang, and sparse over the modules

.PHONY: analyse
