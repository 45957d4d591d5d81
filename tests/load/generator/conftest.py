"""A small shop in this process, whose answers each test decides, and the means to load it with real Locust children."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from techrun.load.bundle import bundle_of, embed, read
from techrun.load.generator.parent import LocustGenerator
from techrun.load.job import Job
from techrun.load.records import Run, Schedule
from techrun.load.tally import Tally


class Shop:
    """Counts what it was asked, and answers as it is told to."""

    def __init__(self):
        shop = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                shop.arrived.set()
                with shop.lock:
                    shop.asked.append((time.monotonic(), self.path))
                shop.answer(self)

            def do_POST(self):
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.do_GET()

            def say(self, status=200, body=b"welcome"):
                self.send_response(status)
                self.send_header("Content-Type", "text/plain")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 512

            def handle_error(self, request, client_address):
                pass

        self.lock = threading.Lock()
        self.arrived = threading.Event()
        self.asked: list[tuple[float, str]] = []
        self.answer = lambda exchange: exchange.say()
        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def paths(self):
        with self.lock:
            return Counter(path for _, path in self.asked)

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def shop():
    shop = Shop()
    yield shop
    shop.close()


JOURNEY = """
journey: look
deadline: {deadline}
steps:
  - step: home
    get: {path}
    expect: {{text: {{contains: welcome}}}}
"""

SCENARIO = """
from techrun.load import JourneyUser, Scenario

scenario = Scenario({scenario})


class Looker(JourneyUser):
    journey = "look"
"""


class Place:
    """A folder with a configuration and a scenario for the small shop."""

    def __init__(self, folder: Path, url: str):
        self.folder = folder
        self.url = url
        self.started: list[subprocess.Popen[str]] = []
        self.write()

    def write(self, *, journey: str = "", deadline: str = "2s", path: str = "/", scenario: str = ""):
        (self.folder / "journeys").mkdir(exist_ok=True)
        text = journey or JOURNEY.format(deadline=deadline, path=path)
        (self.folder / "journeys" / "look.yaml").write_text(textwrap.dedent(text))
        (self.folder / "techrun.yaml").write_text(
            textwrap.dedent(f"""
            version: 1
            shop: small
            url: {self.url}
            env: staging
            include: [journeys/*.yaml]
            """)
        )
        words = scenario or 'rate="20/s", ramp="0", warm_up="0", measure="1s", drain="3s"'
        self.scenario = self.folder / "look.py"
        self.scenario.write_text(SCENARIO.format(scenario=words))

    def job(self, **how) -> Job:
        settings = read(self.folder / "techrun.yaml")
        bundle = bundle_of(settings, "small")
        text = embed(self.scenario.read_text(), bundle)
        return Job(**{"scenario": text, "name": "look", "hosts": {"new": self.url}, **how})

    def environment(self, **more):
        kept = {name: value for name, value in os.environ.items() if not name.startswith("LOCUST_")}
        return {**kept, "HOME": str(self.folder), "TECHRUN_CONFIG": str(self.folder / "techrun.yaml"), **more}

    def locust(self, *options, **more):
        """Plain `locust -f`, as a person starts it."""
        run = subprocess.Popen(
            [sys.executable, "-m", "locust", "-f", str(self.scenario), "--only-summary", *options],
            cwd=self.folder,
            env=self.environment(**more),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            text=True,
        )
        self.started.append(run)
        return run

    def close(self):
        for run in self.started:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(run.pid, signal.SIGKILL)
            run.wait()
            run.stdout.close()


@pytest.fixture
def place(tmp_path, shop):
    place = Place(tmp_path, shop.url)
    yield place
    place.close()


@pytest.fixture
def load():
    """Starts generators, and ends them all."""
    started = []

    def start(job: Job, secrets=None) -> LocustGenerator:
        generator = LocustGenerator(job, secrets)
        started.append(generator)
        return generator

    yield start
    for generator in started:
        generator.close()


def workers_of(generator: LocustGenerator) -> list[psutil.Process]:
    return psutil.Process(generator._child.pid).children()


def cells_of(tally: Tally):
    return tally.into(EMPTY).cells


def steps(tally: Tally, name: str = "home"):
    """How many of a step were recorded, and its failures by reason."""
    cells = [cell for cell in cells_of(tally) if cell.step == name]
    failed: Counter[str] = Counter()
    for cell in cells:
        failed.update(cell.errors)
    return sum(cell.count for cell in cells), dict(failed)


def alive(processes: list[psutil.Process], seconds: float = 3.0) -> list[psutil.Process]:
    """Those that still run after so long; whoever adopted a dead one may take its time to bury it."""
    until = time.monotonic() + seconds
    while found := [one for one in processes if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]:
        if time.monotonic() > until:
            break
        time.sleep(0.05)
    return found


EMPTY = Run("", "small", "look", "", "", 0.0, 0.0, Schedule(()))


@pytest.fixture
def told():
    """What a test asks of a run."""
    return SimpleNamespace(steps=steps, cells=cells_of, workers_of=workers_of, alive=alive)


@pytest.fixture
def carried_out(load):
    """Runs a job to its end; what was told."""

    def carry_out(job: Job, meanwhile=lambda generator: None) -> Tally:
        generator = load(job)
        generator.prepare()
        generator.begin()
        tally = Tally()
        acted = False
        for report in generator.reports():
            tally.add(report)
            if report.at > 0.9 and not acted:
                acted = True
                meanwhile(generator)
        generator.close()
        return tally

    return carry_out


@pytest.fixture
def certificate(tmp_path):
    """A certificate for another host that its owner signed, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "elsewhere.example")])
    today = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - dt.timedelta(days=1))
        .not_valid_after(today + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    form = serialization.Encoding.PEM
    plain = serialization.NoEncryption()
    private = key.private_bytes(form, serialization.PrivateFormat.PKCS8, plain)
    path = tmp_path / "elsewhere.pem"
    path.write_bytes(private + made.public_bytes(form))
    return path
