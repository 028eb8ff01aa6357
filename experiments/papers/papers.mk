# SPDX-License-Identifier: GPL-2.0-or-later
# The figures of papers, at the size of this machine: make papers, or make papers SCALE=tiny in two minutes.

PAPERS_DIR = build/papers$(SCALE:%=-%)
PAPERS_DB = $(PAPERS_DIR)/papers.db

# Exit status 7: some run is not to be trusted. The report says which.
papers: all ## experiments/papers/ and one report of them; SCALE=tiny: in two minutes
	@mkdir -p $(PAPERS_DIR)
	@for ini in experiments/papers/*.ini; do \
		command=sweep; ! grep -q '^\[job ' $$ini || command=corun; \
		build/fmbench $$command $(SCALE:%=--scale %) --db $(PAPERS_DB) $$ini || \
			[ $$? -eq 7 ] || exit 1; \
	done
	@build/fmbench report --db $(PAPERS_DB) -o $(PAPERS_DIR)/papers.html
	@echo "the report: $(PAPERS_DIR)/papers.html"

.PHONY: papers
