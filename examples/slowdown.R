#!/usr/bin/env Rscript
# SPDX-License-Identifier: GPL-2.0-or-later
# Slowdown over the local ratio, from an export and, where RSQLite is installed, from the database itself:
# medians with the range of the repeats, which for up to five of them is the median's interval. Runs of
# other parameters are another curve. Usage:
#	fmbench export csv runs --long -o runs.csv
#	examples/slowdown.R runs.csv results/fmbench.db slowdown.png
args <- commandArgs(trailingOnly = TRUE)
if (length(args) != 3)
	stop("usage: slowdown.R RUNS.csv DATABASE PICTURE", call. = FALSE)
runs <- subset(read.csv(args[1]), status == "ok" & ratio > 0 & better != "")
runs <- runs[!duplicated(runs[c("run", "job")]), ] # a job's first result with a better is its performance
if (requireNamespace("RSQLite", quietly = TRUE)) {
	db <- DBI::dbConnect(RSQLite::SQLite(), args[2])
	stored <- DBI::dbGetQuery(db, "SELECT run, job, value AS stored FROM performance")
	stopifnot(with(merge(runs, stored), all.equal(value, stored)))
}
png(args[3], width = 800, height = 600)
plot(NULL, xlim = c(0, 1), ylim = c(0.8, 50), log = "y", xlab = "local memory / peak", ylab = "slowdown (times ratio 1)")
keys <- c("workload", "backend", grep("^p_", names(runs), value = TRUE))
groups <- split(runs, do.call(paste, runs[keys]), drop = TRUE)
names(groups) <- sapply(groups, function(cell) paste(cell$workload[1], cell$backend[1], sep = ", "))
for (i in seq_along(groups)) {
	cell <- groups[[i]]
	base <- median(cell$value[cell$ratio == 1])
	slowdown <- if (cell$better[1] == "higher") base / cell$value else cell$value / base
	curve <- sapply(split(slowdown, cell$ratio), quantile, c(0.5, 0, 1))
	x <- as.numeric(colnames(curve))
	print(names(groups)[i]); print(curve)
	lines(x, curve[1, ], type = "b", col = i)
	range <- curve[2, ] < curve[3, ] # a single run has none
	arrows(x[range], curve[2, range], x[range], curve[3, range], angle = 90, code = 3, length = 0.03, col = i)
}
legend("topright", names(groups), col = seq_along(groups), lty = 1)
invisible(dev.off())
