# SPDX-License-Identifier: GPL-2.0-or-later
"""A program whose memory is of one kind: hog.py LENGTH KIND SIZE [KIND SIZE]…, sizes in MiB. LENGTH is in
seconds, or in rounds over its memory ("20x").

	text	written once with what compresses, then written again, page by page
	cold	the same, written once
	random	as text, of what does not compress
	unwritten	read only: the kernel's page of zeros
	same	pages that are all alike, for same-page merging
	file	a file in /var/tmp, mapped and read page by page
"""
import mmap
import os
import sys
import tempfile
import time

PAGE = mmap.PAGESIZE


def page_of(kind):
    if kind == "random":
        return os.urandom(PAGE)
    if kind == "same":
        return b"s" * PAGE
    return os.urandom(PAGE // 16) + b"t" * (PAGE - PAGE // 16)


def mapped_file(size):
    with tempfile.TemporaryFile(dir="/var/tmp") as f:
        for _ in range(size // PAGE):
            f.write(page_of("text"))
        f.flush()
        os.fsync(f.fileno())
        area = mmap.mmap(f.fileno(), size, prot=mmap.PROT_READ)
    area.madvise(mmap.MADV_RANDOM)  # else read-ahead spares it most of its major faults
    return area


def anonymous(kind, size):
    area = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if kind == "same":
        area.madvise(mmap.MADV_MERGEABLE)
    for at in range(0, size if kind != "unwritten" else 0, PAGE):
        area[at:at + PAGE] = page_of(kind)
    return area


def go_on(length, rounds, began):
    if length.endswith("x"):
        return rounds < int(length[:-1])
    return time.monotonic() < began + float(length)


def main(length, *kinds):
    areas = []
    for kind, size in zip(kinds[::2], kinds[1::2]):
        size = int(size) << 20
        areas.append((kind, mapped_file(size) if kind == "file" else anonymous(kind, size)))
    rounds, began = 0, time.monotonic()
    while go_on(length, rounds, began):
        rounds += 1
        for kind, area in areas:
            if kind in ("text", "random"):
                for at in range(0, len(area), PAGE):
                    area[at] = 1
            elif kind in ("unwritten", "file"):
                for at in range(0, len(area), PAGE):
                    area[at]
        time.sleep(0.001)


main(*sys.argv[1:])
