#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""nbd_server.py PORT FILE: an NBD server with one export, "far", written from NBD's doc/proto.md alone."""
import mmap
import socket
import struct
import sys

with open(sys.argv[2], "r+b") as file:
    memory = mmap.mmap(file.fileno(), 0)
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))


def get(peer, length):
    data = peer.recv(length, socket.MSG_WAITALL)
    if len(data) != length:
        raise EOFError
    return data


def serve(peer):
    peer.sendall(b"NBDMAGICIHAVEOPT" + struct.pack(">H", 3))
    flags, _, option, length = struct.unpack(">IQII", get(peer, 20))
    if option != 1 or get(peer, length) != b"far":
        return
    peer.sendall(struct.pack(">QH", len(memory), 1) + (b"" if flags & 2 else bytes(124)))
    while True:
        _, kind, handle, start, length = struct.unpack(">IIQQI", get(peer, 28))
        kind &= 0xFFFF
        if kind == 2:
            return
        if kind == 1:
            memory[start : start + length] = get(peer, length)
        answer = memory[start : start + length] if kind == 0 else b""
        peer.sendall(struct.pack(">IIQ", 0x67446698, 0, handle) + answer)


while True:
    connection, _ = listener.accept()
    try:
        serve(connection)
    except (EOFError, OSError):
        pass
    connection.close()
