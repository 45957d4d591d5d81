"""A small shop for `benchmarks.verdicts`: each page takes some work and a pause; one in so many may fail.

    python -m benchmarks._verdicts_server WORK PAUSE FAILS

WORK: rounds of hashing (see `rounds_of`). PAUSE: seconds. FAILS: share of pages that are an error. Its first line
of output is its port. A thread for each connection: what sleeps is exact, what works holds the interpreter, so that
visitors queue as they do at a real worker.
"""

from __future__ import annotations

import hashlib
import random
import socket
import sys
import threading
import time

BODY = b"<!doctype html><title>Shop</title>" + b"<p>article</p>" * 100
GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY
BAD = b"HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n"
BLOCK = b"x" * 512  # shorter than what makes hashlib let other threads in


def work(rounds):
    digest = hashlib.sha256()
    for _ in range(rounds):
        digest.update(BLOCK)


def rounds_of(seconds):
    """Rounds of `work` that take so long on this machine when nobody disturbs it."""
    best = min(_timed(2000) for _ in range(30))
    return round(2000 * seconds / best)


def _timed(rounds):
    began = time.perf_counter()
    work(rounds)
    return time.perf_counter() - began


def answer(connection, rounds, pause, fails):
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    while connection.recv(65536):
        work(rounds)
        time.sleep(pause)
        connection.sendall(BAD if random.random() < fails else GOOD)


def main():
    rounds, pause, fails = int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])
    with socket.create_server(("127.0.0.1", 0), backlog=512) as server:
        print(server.getsockname()[1], flush=True)
        while True:
            connection, _ = server.accept()
            threading.Thread(target=answer, args=(connection, rounds, pause, fails), daemon=True).start()


if __name__ == "__main__":
    main()
