// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Many regions of 1 MiB, each filled and read again and again, by the program and by system calls. Exits
 * with 1 and the number of wrong words. Usage: chunks [NR]
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CHUNK ((size_t)1 << 20)
#define WORDS (CHUNK / sizeof(uint64_t))
#define PIECE ((size_t)65536)

static uint64_t nr_wrong;

static void check(const uint64_t *words, uint64_t first, size_t nr, size_t step)
{
	for (size_t k = 0; k < nr; k += step)
		nr_wrong += words[k] != first + k;
}

/* Through the kernel, which then meets the faults. */
static void check_by_socket(const int sockets[2], const char *chunk, uint64_t first)
{
	static uint64_t back[PIECE / sizeof(uint64_t)];

	for (size_t at = 0; at < CHUNK; at += PIECE) {
		if (write(sockets[0], chunk + at, PIECE) != (ssize_t)PIECE)
			nr_wrong++;
		for (size_t got = 0; got < PIECE;) {
			ssize_t n = read(sockets[1], (char *)back + got, PIECE - got);

			if (n <= 0)
				exit(2);
			got += (size_t)n;
		}
		check(back, first + at / sizeof(uint64_t), PIECE / sizeof(uint64_t), 1);
	}
}

int main(int argc, char *argv[])
{
	size_t nr = argc > 1 ? strtoul(argv[1], NULL, 10) : 250;
	uint64_t **chunks = calloc(nr, sizeof(*chunks));
	int sockets[2];

	if (!chunks || socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) != 0)
		return 2;
	for (size_t i = 0; i < nr; i++) {
		chunks[i] = malloc(CHUNK);
		for (size_t k = 0; k < WORDS; k++)
			chunks[i][k] = i * WORDS + k;
		for (size_t j = 0; j <= i; j += 17)
			check(chunks[j], j * WORDS, WORDS, 64);
	}
	for (size_t round = 0; round < 3; round++) {
		for (size_t i = 0; i < nr; i++) {
			size_t j = (i * 7919 + round) % nr;

			if (round == 1)
				check_by_socket(sockets, (char *)chunks[j], j * WORDS);
			else
				check(chunks[j], j * WORDS, WORDS, 1);
		}
	}
	printf("%lu wrong words\n", (unsigned long)nr_wrong);
	return nr_wrong != 0;
}
