"""Who receives what `benchmarks.crashes` causes, and what is thought of it."""

from __future__ import annotations

import contextlib
import json
import re
import threading
from collections import Counter
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from techrun.store.database import read_store

CHANNELS = ("oncall", "chat")
PATIENCE = 60.0
"""Seconds within which a process must come to its point, on the slowest machine."""


@dataclass(frozen=True)
class Arrival:
    """A message that the receiver took."""

    key: str
    attempt: int


class Receiver(ThreadingHTTPServer):
    """Takes messages; refuses some; holds one in its hands when told to."""

    daemon_threads = True

    def __init__(self, chance):
        super().__init__(("127.0.0.1", 0), Taking)
        self.chance = chance
        self.arrivals = []
        self.lock = threading.Lock()
        self.hold = threading.Event()
        self.holding = threading.Event()
        self.let_go = threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def arrivals_in(self, path, body):  # noqa: ARG002 - the peer's messages name their channel there
        """What a request brings."""
        key, attempt = re.search(r"message (\S+), attempt (\d+)", body["message"]).groups()
        return [Arrival(key, int(attempt))]

    def take(self, path, body):
        """The status to answer with."""
        arrivals = self.arrivals_in(path, body)
        with self.lock:
            refused = self.chance.random() < 0.1
            if not refused:
                self.arrivals += arrivals
        if not refused and self.hold.is_set():
            self.hold.clear()
            self.holding.set()
            self.let_go.wait(PATIENCE)
        return 503 if refused else 200

    @contextlib.contextmanager
    def held(self):
        """Hold the next message that is taken; the event is set when it is there, and it is let go at the end."""
        self.let_go.clear()
        self.holding.clear()
        self.hold.set()
        yield self.holding
        self.hold.clear()
        self.let_go.set()

    def handle_error(self, request, client_address):
        pass  # the sender was killed


class Taking(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status = self.server.take(self.path, body)
        self.send_response(status)
        self.end_headers()

    def log_message(self, *args):
        pass


def sending_now(path):
    """The keys of the messages between their claim and the note of what became of them."""
    with read_store(path) as connection:
        rows = connection.execute("SELECT incident, event, channel FROM outbox WHERE state = 'sending'")
        return ["-".join(map(str, row)) for row in rows]


@dataclass(frozen=True)
class Row:
    """A line of the table in which techrun and its peer stand side by side."""

    of: str
    kills: int
    outages: int
    owed: int
    lost_outages: int
    lost_recoveries: int
    doubled: int


def table(rows):
    """The lines of the table."""
    yield f"{'':<32}{'kills':>7}{'outages':>9}{'owed':>7}{'lost: outages':>15}{'recoveries':>12}{'doubled':>9}"
    for row in rows:
        counts = f"{row.kills:>7}{row.outages:>9}{row.owed:>7}{row.lost_outages:>15}{row.lost_recoveries:>12}"
        yield f"{row.of:<32}{counts}{row.doubled:>9}"


@dataclass(frozen=True)
class Verdict:
    """What is wrong with what arrived; all must be empty but `doubled`."""

    incidents: int
    owed: int
    arrived: int
    sending: int
    """Messages that kills found between claim and receipt."""
    lost: list
    unexpected: list
    unordered: list
    doubled: int
    unexplained: list

    def lines(self):
        """What is printed."""
        yield f"{self.incidents} outages, {self.owed} messages owed, {self.arrived} arrived"
        yield f"lost {len(self.lost)}, unexpected {len(self.unexpected)}, out of order {len(self.unordered)}"
        yield (
            f"doubled {self.doubled}, of them not explained by a kill between sending and noting: "
            f"{len(self.unexplained)} (such kills: {self.sending})"
        )
        for name in ("lost", "unexpected", "unordered", "unexplained"):
            if found := getattr(self, name):
                yield f"{name}: {found[:20]}"

    def row(self, of, kills):
        """The same, short."""
        outages = sum("-opened-" in key for key in self.lost)
        recoveries = sum("-recovered-" in key for key in self.lost)
        return Row(of, kills, self.incidents, self.owed, outages, recoveries, self.doubled)

    @property
    def holds(self):
        return self.incidents > 0 and not (self.lost or self.unexpected or self.unordered or self.unexplained)


def judge(path, arrivals, sending):
    with read_store(path) as connection:
        incidents = [number for (number,) in connection.execute("SELECT id FROM incidents ORDER BY id")]
        still_open = [
            number for (number,) in connection.execute("SELECT id FROM incidents WHERE closed IS NULL")
        ]
        rows = connection.execute("SELECT incident, event, channel, state, attempts FROM outbox").fetchall()
    stands = {"-".join(map(str, key)): f"{state}, attempts {attempts}" for *key, state, attempts in rows}
    owed = {
        f"{one}-{event}-{channel}"
        for one in incidents
        for event in ("opened", "recovered")
        for channel in CHANNELS
    }
    came = Counter(arrival.key for arrival in arrivals)
    first = {key: number for number, key in reversed(list(enumerate(arrival.key for arrival in arrivals)))}
    last = {arrival.key: number for number, arrival in enumerate(arrivals)}
    pairs = [
        (f"{one}-opened-{channel}", f"{one}-recovered-{channel}") for one in incidents for channel in CHANNELS
    ]
    attempts = Counter(arrivals)
    return Verdict(
        incidents=len(incidents),
        owed=len(owed),
        arrived=len(arrivals),
        sending=sum(sending.values()),
        lost=[f"{key} ({stands.get(key, 'never written')})" for key in sorted(owed - came.keys())]
        + [f"incident {number} never ended" for number in still_open],
        unexpected=sorted(came.keys() - owed),
        unordered=[ends for begins, ends in pairs if last.get(begins, 0) > first.get(ends, len(arrivals))],
        doubled=sum(count - 1 for count in came.values()),
        unexplained=sorted(
            {key for key, count in came.items() if count - 1 > sending[key]}
            | {one.key for one, count in attempts.items() if count > 1}
        ),
    )
