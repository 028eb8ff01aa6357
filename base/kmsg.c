// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/kmsg.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int kmsg_open(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0 && lseek(fd, 0, SEEK_END) < 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* A record is "PRIO,SEQ,TIME,FLAGS;TEXT\n" (Documentation/ABI/testing/dev-kmsg). */
const char *kmsg_next(int fd, char record[KMSG_RECORD_MAX])
{
	ssize_t n;

	if (fd < 0)
		return NULL;
	while ((n = read(fd, record, KMSG_RECORD_MAX - 1)) > 0 || (n < 0 && errno == EPIPE)) {
		char *text;

		if (n < 0)
			continue; /* overrun: the next read goes on with what is there */
		record[n] = '\0';
		text = strchr(record, ';');
		if (!text)
			continue;
		text++;
		text[strcspn(text, "\n")] = '\0';
		return text;
	}
	return NULL;
}
