"""Runs libcurl's transfers on the asyncio loop: one multi handle for all of them."""

from __future__ import annotations

import asyncio
from typing import Any

import pycurl

MAX_IDLE = 1000
"""Idle connections kept at most. Left alone, libcurl keeps any number, or (before 8.17) four for each
transfer in flight, which takes connections from journeys that wait between two steps."""


class Multi:
    """Owns the multi handle of one event loop.

    Callbacks of libcurl only note what is to be watched. Handles are added and removed by tasks
    alone, since libcurl refuses that inside its callbacks.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: dict[Any, asyncio.Future[tuple[int, str]]] = {}
        self._watched: dict[int, int] = {}
        self._timer: asyncio.Handle | None = None
        self._closed = False
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._watch)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._set_timer)
        self._multi.setopt(pycurl.M_MAXCONNECTS, MAX_IDLE)

    async def perform(self, handle: Any) -> tuple[int, str, int]:
        """Run one transfer to its end; libcurl's error code (0: none), its text and the open socket.

        The socket is the descriptor of the connection that was kept, -1 if there is none.

        A task that is cancelled meanwhile takes its transfer with it.
        """
        if self._closed:
            return pycurl.E_ABORTED_BY_CALLBACK, "closed", -1
        future: asyncio.Future[tuple[int, str]] = self._loop.create_future()
        self._waiting[handle] = future
        self._multi.add_handle(handle)
        try:
            code, text = await future
            return code, text, handle.getinfo(pycurl.ACTIVESOCKET)
        finally:
            del self._waiting[handle]
            self._multi.remove_handle(handle)

    async def close(self) -> None:
        """End every transfer and close every connection."""
        if self._closed:
            return
        self._closed = True
        while self._waiting:
            for future in self._waiting.values():
                if not future.done():
                    future.set_result((pycurl.E_ABORTED_BY_CALLBACK, "closed"))
            await asyncio.sleep(0)
        self._multi.close()
        self._set_timer(-1)
        for fd in list(self._watched):
            self._watch(pycurl.POLL_REMOVE, fd, None, None)

    def _watch(self, what: int, fd: int, _multi: Any, _data: Any) -> None:
        """Libcurl says what it waits for on a socket."""
        wanted = 0 if what == pycurl.POLL_REMOVE else what
        before = self._watched.pop(fd, 0)
        if before & pycurl.POLL_IN and not wanted & pycurl.POLL_IN:
            self._loop.remove_reader(fd)
        if before & pycurl.POLL_OUT and not wanted & pycurl.POLL_OUT:
            self._loop.remove_writer(fd)
        if wanted & pycurl.POLL_IN and not before & pycurl.POLL_IN:
            self._loop.add_reader(fd, self._act, fd, pycurl.CSELECT_IN)
        if wanted & pycurl.POLL_OUT and not before & pycurl.POLL_OUT:
            self._loop.add_writer(fd, self._act, fd, pycurl.CSELECT_OUT)
        if wanted:
            self._watched[fd] = wanted

    def _set_timer(self, milliseconds: int) -> None:
        """Libcurl says when it wants to be called without any event."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if milliseconds == 0:
            self._timer = self._loop.call_soon(self._act, pycurl.SOCKET_TIMEOUT, 0)
        elif milliseconds > 0:
            self._timer = self._loop.call_later(milliseconds / 1000, self._act, pycurl.SOCKET_TIMEOUT, 0)

    def _act(self, fd: int, events: int) -> None:
        """Something happened: let libcurl go on, then tell the tasks whose transfers have ended."""
        self._multi.socket_action(fd, events)
        while True:
            queued, succeeded, failed = self._multi.info_read()
            for handle in succeeded:
                self._finish(handle, 0, "")
            for handle, code, text in failed:
                self._finish(handle, code, text)
            if not queued:
                return

    def _finish(self, handle: Any, code: int, text: str) -> None:
        future = self._waiting.get(handle)
        if future is not None and not future.done():
            future.set_result((code, text))
