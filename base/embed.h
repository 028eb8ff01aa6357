/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file of the tree compiled in as a NUL-terminated string, so that the installed program needs
 * no data directory: EMBED(schema_sql, "results/schema.sql") defines `const char schema_sql[]`.
 * Paths are from the top of the tree (the build passes -Wa,-I for it).
 */
#ifndef BASE_EMBED_H
#define BASE_EMBED_H

#define EMBED(symbol, file)                                                                        \
	__asm__(".pushsection .rodata\n"                                                           \
		".global " #symbol "\n"                                                            \
		".type " #symbol ", @object\n" #symbol ":\n"                                       \
		".incbin \"" file "\"\n"                                                           \
		".byte 0\n"                                                                        \
		".size " #symbol ", . - " #symbol "\n"                                             \
		".popsection\n");                                                                  \
	extern const char symbol[]

#endif
