"""Serves the demo shop on loopback until it is told to stop."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from contextlib import suppress

import uvicorn

from techrun.demo.app import NODE_ADDRESSES, create_app
from techrun.demo.shop import Shop

GRACE = 1
"""Seconds that open answers get when the shop stops (one that hangs on purpose never ends)."""


HOME = "127.0.0.1"
"""Where the demo shop lives, unless it is told to be one node of a fleet."""


def listen(port: int, address: str = HOME) -> list[socket.socket]:
    """A socket for the shop, and at home one for each node where this system has more loopback addresses."""
    front = _socket(address, port)
    sockets = [front]
    if address != HOME:
        return sockets
    for node in NODE_ADDRESSES:
        with suppress(OSError):
            sockets.append(_socket(node, front.getsockname()[1]))
    return sockets


def _socket(address: str, port: int) -> socket.socket:
    # asyncio switches Nagle's delay off (40 ms an answer) only where the protocol is named.
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((address, port))
    except OSError:
        listener.close()
        raise
    listener.listen(512)
    return listener


async def serve(port: int, address: str = HOME, node: int = 1, *, with_parent: bool = False) -> None:
    """Serve until a signal, or with `with_parent` until standard input ends; OSError for a port that is taken."""
    sockets = listen(port, address)
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(Shop(), node),
            log_level="critical",
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=GRACE,
            timeout_keep_alive=75,
        )
    )
    host = f"[{address}]" if ":" in address else address
    sys.stdout.write(f"http://{host}:{sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    if with_parent:
        loop = asyncio.get_running_loop()
        loop.add_reader(sys.stdin.fileno(), _end_of_input, server)
    await server.serve(sockets)


def _end_of_input(server: uvicorn.Server) -> None:
    if not os.read(sys.stdin.fileno(), 1024):
        asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
        server.should_exit = True
