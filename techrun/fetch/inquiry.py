"""Asks one name server for both kinds of address of one name."""

from __future__ import annotations

import asyncio
import socket

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype

SECOND_FAMILY = 0.2
"""Seconds that the other family's answer is waited for once one family has addresses."""

Server = tuple[str, int]


class NoSuchNameError(Exception):
    """The name server says that there is no such name, or no address for it."""


class NoAnswerError(Exception):
    """The name server did not answer, or could not."""


async def ask(name: dns.name.Name, server: Server, patience: float) -> tuple[str, ...]:
    """The IPv6 and IPv4 addresses of a full name; `patience` in seconds."""
    inquiry = _Inquiry(name, server)
    try:
        await inquiry.run(patience)
    finally:
        inquiry.close()
    return inquiry.addresses()


class _Inquiry:
    """One socket, two questions, as the C library does it."""

    def __init__(self, name: dns.name.Name, server: Server) -> None:
        self._name = name
        self._server = server
        self._loop = asyncio.get_running_loop()
        self._done = self._loop.create_future()
        self._questions = [
            dns.message.make_query(name, kind) for kind in (dns.rdatatype.A, dns.rdatatype.AAAA)
        ]
        self._answers: list[dns.message.Message] = []
        self._socket: socket.socket | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def run(self, patience: float) -> None:
        """Ask, and wait until there is enough of an answer or `patience` is over."""
        try:
            self._send()
        except OSError as error:
            raise NoAnswerError(self._complaint(f"cannot be asked: {error.strerror}")) from None
        self._timer = self._loop.call_later(patience, self._enough)
        problem = await self._done
        if problem and not self._answers:
            raise NoAnswerError(self._complaint(problem))
        if not self._answers:
            raise NoAnswerError(self._complaint(f"did not answer within {patience:.3g} s"))
        self._answers = [await self._complete(answer, patience) for answer in self._answers]

    def close(self) -> None:
        """Free the socket."""
        if self._timer is not None:
            self._timer.cancel()
        if self._socket is not None:
            self._loop.remove_reader(self._socket.fileno())
            self._socket.close()

    def addresses(self) -> tuple[str, ...]:
        """What the answers hold; an error says why that is nothing."""
        found = [address for answer in self._answers for address in _addresses(answer)]
        if found:
            return tuple(found)
        codes = {answer.rcode() for answer in self._answers}
        if dns.rcode.NXDOMAIN in codes:
            raise NoSuchNameError(f"there is no name {self._plain()} (says name server {self._server[0]})")
        if codes != {dns.rcode.NOERROR}:
            raise NoAnswerError(self._complaint(f"answered {dns.rcode.to_text(max(codes))}"))
        if self._questions:
            kind = dns.rdatatype.to_text(self._questions[0].question[0].rdtype)
            raise NoAnswerError(self._complaint(f"did not answer about {kind} addresses in time"))
        raise NoSuchNameError(f"{self._plain()} has no address (says name server {self._server[0]})")

    def _send(self) -> None:
        family = socket.AF_INET6 if ":" in self._server[0] else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.setblocking(False)  # noqa: FBT003  the standard library's signature
        self._socket.connect(self._server)  # answers from elsewhere are dropped by the kernel
        self._loop.add_reader(self._socket.fileno(), self._receive)
        for question in self._questions:
            self._socket.send(question.to_wire())

    def _receive(self) -> None:
        if self._socket is None or self._done.done():
            return
        try:
            answer = dns.message.from_wire(self._socket.recv(65535), ignore_trailing=True)
        except BlockingIOError:
            return
        except OSError as error:
            self._done.set_result(f"cannot be asked: {error.strerror}")
            return
        except dns.exception.DNSException:
            return  # not an answer: perhaps a forged one
        self._take(answer)

    def _take(self, answer: dns.message.Message) -> None:
        question = next((each for each in self._questions if each.is_response(answer)), None)
        if question is None:
            return
        self._questions.remove(question)
        self._answers.append(answer)
        if not self._questions:
            self._enough()
        elif _addresses(answer) and self._timer is not None:
            self._timer.cancel()
            self._timer = self._loop.call_later(SECOND_FAMILY, self._enough)

    def _enough(self) -> None:
        if not self._done.done():
            self._done.set_result("")

    async def _complete(self, answer: dns.message.Message, patience: float) -> dns.message.Message:
        """The whole answer: over TCP where it did not fit into a datagram."""
        if not answer.flags & dns.flags.TC:
            return answer
        question = dns.message.make_query(self._name, answer.question[0].rdtype)
        host, port = self._server
        try:
            return await dns.asyncquery.tcp(question, host, patience, port)
        except (OSError, EOFError, dns.exception.DNSException):
            return answer

    def _plain(self) -> str:
        return self._name.to_text(omit_final_dot=True)

    def _complaint(self, what: str) -> str:
        return f"{self._plain()}: name server {self._server[0]} {what}"


def _addresses(answer: dns.message.Message) -> list[str]:
    kind = answer.question[0].rdtype
    return [item.to_text() for records in answer.answer if records.rdtype == kind for item in records]
