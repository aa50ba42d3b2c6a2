# SPDX-License-Identifier: Apache-2.0
"""A server whose other end is somewhere else: carries bytes between its stdin, stdout and a socket.

usage: bridge.py SOCKET
"""
import os
import select
import socket
import sys


def main(path):
    server = socket.socket(socket.AF_UNIX)
    server.connect(path)
    reading = [0, server]
    while server in reading:
        ready, _, _ = select.select(reading, [], [])
        if 0 in ready:
            data = os.read(0, 1 << 16)
            if data:
                server.sendall(data)
            else:
                server.shutdown(socket.SHUT_WR)
                reading.remove(0)
        if server in ready:
            try:
                data = server.recv(1 << 16)
            except ConnectionResetError:
                data = b""
            if not data:
                return
            while data:
                data = data[os.write(1, data):]


try:
    main(sys.argv[1])
except (BrokenPipeError, KeyboardInterrupt):
    pass
