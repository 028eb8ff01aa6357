// SPDX-License-Identifier: GPL-2.0-or-later
#include "plots/figure.h"

#include <stdio.h>
#include <string.h>

#include "base/embed.h"
#include "base/names.h"

EMBED(bars_gp, "plots/bars.gp");
EMBED(fit_gp, "plots/fit.gp");
EMBED(gantt_gp, "plots/gantt.gp");
EMBED(heat_map_gp, "plots/heat-map.gp");
EMBED(latency_cdf_gp, "plots/latency-cdf.gp");
EMBED(latency_load_gp, "plots/latency-load.gp");
EMBED(latency_ratio_gp, "plots/latency-ratio.gp");
EMBED(latency_sensitivity_gp, "plots/latency-sensitivity.gp");
EMBED(makespan_gp, "plots/makespan.gp");
EMBED(panels_gp, "plots/panels.gp");
EMBED(slowdown_gp, "plots/slowdown.gp");
EMBED(timeseries_gp, "plots/timeseries.gp");
EMBED(xput_gp, "plots/xput.gp");

EMBED(bars_sql, "plots/bars.sql");
EMBED(cells_sql, "plots/cells.sql");
EMBED(fit_sql, "plots/fit.sql");
EMBED(gantt_sql, "plots/gantt.sql");
EMBED(head_sql, "plots/head.sql");
EMBED(latency_sql, "plots/latency.sql");
EMBED(interference_sql, "plots/interference.sql");
EMBED(latency_cdf_sql, "plots/latency-cdf.sql");
EMBED(makespan_sql, "plots/makespan.sql");
EMBED(performed_sql, "plots/performed.sql");
EMBED(ratio_sql, "plots/ratio.sql");
EMBED(latency_load_sql, "plots/latency-load.sql");
EMBED(latency_map_sql, "plots/latency-map.sql");
EMBED(latency_ratio_sql, "plots/latency-ratio.sql");
EMBED(latency_sensitivity_sql, "plots/latency-sensitivity.sql");
EMBED(readahead_sql, "plots/readahead.sql");
EMBED(reclaim_sql, "plots/reclaim.sql");
EMBED(slowdown_sql, "plots/slowdown.sql");
EMBED(timeseries_sql, "plots/timeseries.sql");
EMBED(xput_sql, "plots/xput.sql");

const struct figure figure_table[] = {
	{
		.name = "bars",
		.summary = "cells side by side: medians with their intervals, a bar a backend",
		.scope = FIGURE_CURVE,
		.gp = bars_gp,
		.sql = { head_sql, cells_sql, performed_sql, bars_sql },
		.ys = "slowdown|performance|METRIC",
		.empty_hint = "there is no trusted run with such a result; make some with "
			      "fmbench run WORKLOAD --repeat 5 --backend zram,swapfile",
	},
	{
		.name = "fit",
		.summary =
			"what fit has found: runs, the bound and where it is crossed; or profiles with "
			"their bands",
		.scope = FIGURE_CURVE,
		.gp = fit_gp,
		.sql = { head_sql, fit_sql },
		.empty_hint = "make some runs with fmbench fit WORKLOAD --slowdown 5% or --profile",
	},
	{
		.name = "gantt",
		.summary =
			"a co-run's jobs over time, shaded by their local ratio, and their limits",
		.scope = FIGURE_ONE_RUN,
		.gp = gantt_gp,
		.sql = { head_sql, gantt_sql },
		.empty_hint = "make a co-run with fmbench corun quicksort pagerank --local 60%",
	},
	{
		.name = "interference",
		.summary =
			"what one job does to another, or a policy to each: slowdowns as a heat map",
		.scope = FIGURE_CURVE,
		.gp = heat_map_gp,
		.sql = { head_sql, interference_sql },
		.empty_hint = "make co-runs with fmbench corun quicksort pagerank --matrix",
	},
	{
		.name = "latency-cdf",
		.summary = "latency of one fault: which share is done within which time",
		.scope = FIGURE_RUNS,
		.gp = latency_cdf_gp,
		.sql = { head_sql, latency_cdf_sql },
		.ys = "share|tail",
		.empty_hint = "make a run with fmbench micro fault_latency --backend zram, or "
			      "fmbench micro uffd",
	},
	{
		.name = "latency-load",
		.summary =
			"tail latency over the load that was achieved, a curve a ratio and backend",
		.scope = FIGURE_CURVE,
		.gp = latency_load_gp,
		.sql = { head_sql, latency_load_sql },
		.empty_hint = "make some runs with fmbench run kv -o rate=10k, -o rate=20k …",
	},
	{
		.name = "latency-map",
		.summary =
			"slowdown over the latency of far memory as a heat map, a row a workload",
		.scope = FIGURE_CURVE,
		.gp = heat_map_gp,
		.sql = { head_sql, latency_sql, performed_sql, latency_map_sql },
		.empty_hint = "there is no trusted run of far memory with a latency and a run at "
			      "ratio 1 beside it; make some with "
			      "fmbench sweep experiments/latency-sensitivity.ini",
	},
	{
		.name = "latency-ratio",
		.summary = "tail latency over the local ratio, a curve a rate and backend",
		.scope = FIGURE_CURVE,
		.gp = latency_ratio_gp,
		.sql = { head_sql, latency_ratio_sql },
		.empty_hint = "make some runs with fmbench run kv -o rate=20k --ratio 1,0.75,0.5",
	},
	{
		.name = "latency-sensitivity",
		.summary =
			"slowdown, or any result, over the latency of far memory, a curve a workload",
		.scope = FIGURE_CURVE,
		.gp = latency_sensitivity_gp,
		.sql = { head_sql, latency_sql, performed_sql, latency_sensitivity_sql },
		.ys = "slowdown|performance|METRIC",
		.empty_hint = "there is no trusted run over backend delay, or the pager's pool "
			      "delay; make some with "
			      "fmbench sweep experiments/latency-sensitivity.ini",
	},
	{
		.name = "makespan",
		.summary = "throughput of co-runs over their local memory, a curve a policy",
		.scope = FIGURE_CURVE,
		.gp = makespan_gp,
		.sql = { head_sql, makespan_sql },
		.ys = "throughput|makespan|METRIC",
		.empty_hint =
			"make co-runs with fmbench corun quicksort pagerank --local 60% --policy "
			"uniform,none",
	},
	{
		.name = "readahead",
		.summary =
			"pages per second of a scan, and touches that waited, over vm.page-cluster",
		.scope = FIGURE_CURVE,
		.gp = panels_gp,
		.sql = { head_sql, readahead_sql },
		.empty_hint =
			"make some runs with fmbench micro readahead --page-cluster N, N from "
			"0 to 6",
	},
	{
		.name = "reclaim",
		.summary =
			"faults per second, and the faulting threads' own share of reclaim, over "
			"cores",
		.scope = FIGURE_CURVE,
		.gp = panels_gp,
		.sql = { head_sql, reclaim_sql },
		.empty_hint = "make some runs with fmbench micro fault_throughput --cores 1-4, and "
			      "again with --offload-reclaim",
	},
	{
		.name = "slowdown",
		.summary = "slowdown, or any result, over the local ratio: repeats, medians joined",
		.scope = FIGURE_CURVE,
		.gp = slowdown_gp,
		.sql = { head_sql, ratio_sql, performed_sql, slowdown_sql },
		.ys = "slowdown|performance|METRIC",
		.overlays = true,
		.empty_hint = "there is no trusted run with a result to show; make some with "
			      "fmbench run WORKLOAD --ratio 1,0.75,0.5",
	},
	{
		.name = "timeseries",
		.summary =
			"far page-ins and page-outs, memory, operations, latency, CPU and pressure",
		.scope = FIGURE_ONE_RUN,
		.gp = timeseries_gp,
		.sql = { head_sql, timeseries_sql },
		.empty_hint = "this run has no samples; make one with fmbench run WORKLOAD --ratio "
			      "0.5 (and not --sample-hz 0)",
	},
	{
		.name = "xput",
		.summary = "faults per second over cores: medians, bars over all repeats",
		.scope = FIGURE_CURVE,
		.gp = xput_gp,
		.sql = { head_sql, xput_sql },
		.overlays = true,
		.empty_hint = "make some runs with fmbench micro fault_throughput --cores 1-4 "
			      "--backend zram --repeat 5",
	},
	{ .name = NULL },
};

const struct figure *figure_find(const char *name, struct err *err)
{
	const char *names[sizeof(figure_table) / sizeof(figure_table[0])];
	size_t i;

	for (i = 0; figure_table[i].name; i++) {
		if (strcmp(figure_table[i].name, name) == 0)
			return &figure_table[i];
		names[i] = figure_table[i].name;
	}
	names[i] = NULL;
	err_unknown(err, did_you_mean(name, names), "`fmbench list figures` shows them",
		    "no figure '%s'", name);
	return NULL;
}

int figure_check_y(const struct figure *f, const char *y, struct err *err)
{
	char words[64], *save, *word;

	if (!y)
		return 0;
	if (!f->ys)
		return err_usage(err, "figure %s has one y axis: leave out --y", f->name);
	snprintf(words, sizeof(words), "%s", f->ys);
	for (word = strtok_r(words, "|", &save); word; word = strtok_r(NULL, "|", &save)) {
		if (strcmp(word, y) == 0 || strcmp(word, "METRIC") == 0)
			return 0;
	}
	return err_usage(err, "figure %s draws --y %s, not '%s'", f->name, f->ys, y);
}

int figure_check_axis(const struct figure *f, const char *axis, struct err *err)
{
	if (strcmp(axis, "auto") == 0 || (f->ys && strstr(f->ys, "slowdown")))
		return 0;
	return err_usage(err, "figure %s has an axis of its own: leave out --axis", f->name);
}

int figure_check_choice(const struct figure *f, bool run_chosen, struct err *err)
{
	if (run_chosen && f->scope == FIGURE_CURVE)
		return err_usage(err,
				 "figure %s is a curve over several runs: leave out --run, or "
				 "choose runs with --experiment NAME",
				 f->name);
	return 0;
}
