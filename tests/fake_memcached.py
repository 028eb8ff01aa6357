#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Stands where memcached would (tests/cli/kv.sh) and does what FAKE_KV says: `garbage`: talks HTTP;
`other`: answers gets with another key's value; `refuse`: stores nothing; `hang`: takes connections and
says nothing; `deaf`: takes none; `more`: answers what it was not asked."""
import os
import selectors
import socket
import sys
import time

mode = os.environ["FAKE_KV"]
values = {}
last = b""


def answer(line, value):
    global last
    words = line.split()
    if mode == "garbage":
        return b"HTTP/1.1 400 Bad Request\r\n"
    if words[0] == b"set":
        if mode == "refuse":
            return b"SERVER_ERROR out of memory storing object\r\n"
        values[words[1]], last = value, words[1]
        return b"STORED\r\n" * (2 if mode == "more" else 1)
    value = values[last if mode == "other" else words[1]]
    return b"VALUE %s 0 %d\r\n%s\r\nEND\r\n" % (words[1], len(value), value)


def serve(connection, data):
    """What is left of the data once all whole requests have their answers."""
    while b"\r\n" in data:
        line, rest = data.split(b"\r\n", 1)
        value = None
        if line.startswith(b"set"):
            size = int(line.split()[4])
            if len(rest) < size + 2:
                break
            value, rest = rest[:size], rest[size + 2:]
        data = rest
        if mode != "hang":
            connection.sendall(answer(line, value))
    return data


if mode == "deaf":
    time.sleep(60)
listener = socket.create_server(("127.0.0.1", int(sys.argv[sys.argv.index("-p") + 1])), backlog=128)
selector = selectors.DefaultSelector()
selector.register(listener, selectors.EVENT_READ)
pending = {}
while True:
    for key, _ in selector.select():
        if key.fileobj is listener:
            connection = listener.accept()[0]
            pending[connection] = b""
            selector.register(connection, selectors.EVENT_READ)
            continue
        try:
            data = key.fileobj.recv(65536)
            pending[key.fileobj] = serve(key.fileobj, pending[key.fileobj] + data)
        except OSError:
            data = b""
        if not data:
            selector.unregister(key.fileobj)
            key.fileobj.close()
