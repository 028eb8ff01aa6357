/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Option tables: one row per option makes the parser, the checks, --help, and the parameters
 * stored with a run. Parsing is strict: trailing junk is an error and changes nothing.
 *
 *	struct params { uint64_t memory_bytes; double get_share; char *path; bool verify; };
 *	static const struct opt opts[] = {
 *		OPT_SIZE("memory", struct params, memory_bytes, "512M", 1 << 20, 1ull << 40,
 *			 "how much the store holds"),
 *		...
 *		OPT_END
 *	};
 */
#ifndef BASE_OPT_H
#define BASE_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "buf.h"
#include "err.h"

enum opt_type {
	OPT_T_END = 0,
	OPT_T_BOOL, /* bool: yes/no, true/false, on/off, 1/0; a bare key means yes */
	OPT_T_U64,  /* uint64_t, decimal */
	OPT_T_SIZE, /* uint64_t bytes: 4096, 64K, 512M, 2G, 1T (powers of 1024), optional "iB"/"B" */
	OPT_T_DURATION, /* uint64_t nanoseconds: 500ms, 10s, 2m, 1h; a bare number is seconds */
	OPT_T_DOUBLE,	/* double, finite */
	OPT_T_STRING,	/* char *, heap, owned by the struct; opt_release() frees it; may be NULL */
	OPT_T_CHOICE,	/* char *, heap, as STRING, one of "a|b|c" in choices */
	OPT_T_SECRET,	/* no field: a value is refused, see OPT_SECRET */
};

#define OPT_WORD UINT64_MAX

struct opt {
	const char *name; /* "value-size"; '_' and '-' are the same to the parser */
	enum opt_type type;
	size_t offset;
	const char *def; /* default as the user would type it; NULL: zero, false or NULL */
	double min, max; /* inclusive, in the stored unit; unused for BOOL, STRING, CHOICE */
	const char *choices;
	const char *help;
	/* For command lines only (see harness/cli/cli.h): a short letter, and what --help calls the value. */
	char letter;
	const char *arg;
	bool lines;	  /* STRING: given again it adds a line */
	const char *word; /* DURATION: a word that may stand for it ("auto"), as OPT_WORD */
	const char *unit; /* for reports; NULL: follows from the type */
};

/* One row: name, struct, field, default, limits or choices, help; then .letter, .arg, .unit. */
#define OPT_BOOL(n, s, f, d, h, ...)                                                               \
	{                                                                                          \
		.name = n, .type = OPT_T_BOOL, .offset = offsetof(s, f), .def = d, .help = h,      \
		##__VA_ARGS__                                                                      \
	}
#define OPT_NUMBER(n, t, s, f, d, lo, hi, h, ...)                                                  \
	{                                                                                          \
		.name = n, .type = t, .offset = offsetof(s, f), .def = d, .min = lo, .max = hi,    \
		.help = h, ##__VA_ARGS__                                                           \
	}
#define OPT_U64(n, ...)	     OPT_NUMBER(n, OPT_T_U64, __VA_ARGS__)
#define OPT_SIZE(n, ...)     OPT_NUMBER(n, OPT_T_SIZE, __VA_ARGS__)
#define OPT_DURATION(n, ...) OPT_NUMBER(n, OPT_T_DURATION, __VA_ARGS__)
#define OPT_DOUBLE(n, ...)   OPT_NUMBER(n, OPT_T_DOUBLE, __VA_ARGS__)
#define OPT_STRING(n, s, f, d, h, ...)                                                             \
	{                                                                                          \
		.name = n, .type = OPT_T_STRING, .offset = offsetof(s, f), .def = d, .help = h,    \
		##__VA_ARGS__                                                                      \
	}
#define OPT_CHOICE(n, s, f, d, c, h, ...)                                                          \
	{                                                                                          \
		.name = n, .type = OPT_T_CHOICE, .offset = offsetof(s, f), .def = d, .choices = c, \
		.help = h, ##__VA_ARGS__                                                           \
	}
/*
 * A secret (secret.h) is given by the file it stands in, whose path is another option's: that one
 * is stored and shown like any. This row is what refuses the secret itself, without repeating it.
 */
#define OPT_SECRET(n, file_option)                                                                 \
	{                                                                                          \
		.name = n, .type = OPT_T_SECRET, .choices = file_option                            \
	}
#define OPT_END                                                                                    \
	{                                                                                          \
		.type = OPT_T_END                                                                  \
	}

#define for_each_opt(o, table) for (const struct opt *o = (table); o && o->type != OPT_T_END; o++)

/* Names are the same but for '_' and '-'. */
bool opt_same_name(const char *a, const char *b);
/* The option of that name, or NULL. */
const struct opt *opt_find(const struct opt *table, const char *name);
/* Set every field to its default. base must be zeroed or opt_release()d. A bad default asserts. */
void opt_defaults(const struct opt *table, void *base);
void opt_release(const struct opt *table, void *base);

/* Set one. `what` names the owner in messages ("workload memaslap"). Unknown: did you mean …? */
int opt_set(const struct opt *table, void *base, const char *key, const char *value,
	    const char *what, struct err *err);
/* The sentence that refuses the value of an OPT_SECRET row. */
int opt_refuse_secret(const struct opt *o, const char *what, struct err *err);
/* "key=value" or a bare "key" (BOOL). */
int opt_set_pair(const struct opt *table, void *base, const char *pair, const char *what,
		 struct err *err);
/* The value as the user would type it, exact: setting it again gives the same value. */
void opt_format(const struct opt *o, const void *base, struct buf *b);
/* Have both the same value? */
bool opt_same(const struct opt *o, const void *base, const void *other);
/* {"memory":536870912,"get-share":1,…}: all options in table order, sizes in bytes, durations in
 * seconds (or their word), unset strings null. Equal parameters give equal text. A NULL table gives {}. */
void opt_json(const struct opt *table, const void *base, struct buf *b);
enum opt_style {
	OPT_KEYS,  /* memory=SIZE, for -o */
	OPT_FLAGS, /* -n, --repeat N */
};
/* What stands for its value in --help: "SIZE", "a|b". */
const char *opt_arg(const struct opt *o);
/* Its help, default and range, as one line. */
void opt_describe(const struct opt *o, enum opt_style style, struct buf *b);
/* One aligned row an option with its default and range. Returns how wide the first column is. */
size_t opt_print_help(const struct opt *table, enum opt_style style, size_t indent, FILE *out);

/* Parsers that stand alone. Return 0 or -EINVAL (-ERANGE). */
int parse_u64(const char *s, uint64_t *ret);
int parse_size(const char *s, uint64_t *ret_bytes);
int parse_duration(const char *s, uint64_t *ret_ns);
int parse_double(const char *s, double *ret);
int parse_bool(const char *s, bool *ret);

/* "10.0.0.2:50001", "10.0.0.2", "[fd00::2]:50001": host without brackets. Returns the port in text; NULL: none. */
const char *split_host_port(const char *text, char *host, size_t size);

/* "512M", "1.5G", "17.3K": short, for people. dst at least 16 bytes. */
void format_size(char *dst, size_t size, uint64_t bytes);

#endif
