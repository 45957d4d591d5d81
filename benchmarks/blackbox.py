"""CPU per probe: `techrun run` against blackbox_exporter, on the same nginx, one body assertion, http and https.

techrun's figure is that of the whole daemon: scheduler, metrics, history and a scrape every five
seconds included. blackbox_exporter is asked as Prometheus would ask it, at the same rate. Both make
each probe on a fresh connection and check the certificate against the same authority.

`regex` searches the raw body, as blackbox_exporter does. `text` is what users write more often: it looks at
the text that a customer sees, for which the whole page is parsed; blackbox_exporter has nothing like it.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

RATE = 60
"""Probes a second."""
SECONDS = 8
ROUNDS = 3
EXPECTATIONS = {
    "regex": "regex: {Cordless drill: {exists: true}}",
    "text": "text: {contains: Cordless drill}",
}
CASES = (("http", "regex"), ("https", "regex"), ("http", "text"))
PAGE = "<html><title>Shop</title>" + "<p>Cordless drill, 18 V, in stock</p>\n" * 320 + "</html>"
SEARCH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def write_certificate(folder: Path) -> None:
    """A certificate of its own authority for localhost."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    (folder / "key.pem").write_bytes(key.private_bytes(encoding, form, serialization.NoEncryption()))


@contextlib.contextmanager
def program(command: list[str], ready: Callable[[], object]) -> Iterator[psutil.Process]:
    """A program that runs until the block ends; waits until it is ready."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            deadline = time.monotonic() + 30
            while True:
                with contextlib.suppress(OSError):
                    ready()
                    break
                if time.monotonic() > deadline or process.poll() is not None:
                    log.seek(0)
                    raise RuntimeError(f"{command[0]} did not start: {log.read().decode()[-2000:]}")
                time.sleep(0.1)
            yield psutil.Process(process.pid)
        finally:
            process.terminate()
            process.wait(timeout=30)


def fetch(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return bytes(answer.read())


def cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def nginx(folder: Path, http: int, https: int) -> list[str]:
    (folder / "www").mkdir()
    (folder / "www/index.html").write_text(PAGE)
    (folder / "nginx.conf").write_text(f"""
{"user root root;" if os.getuid() == 0 else ""}
daemon off; pid {folder}/pid; error_log {folder}/error.log; worker_processes 1;
events {{ worker_connections 512; }}
http {{
  access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s; types {{ text/html html; }}
  server {{
    listen 127.0.0.1:{http}; listen 127.0.0.1:{https} ssl; root {folder}/www;
    ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem; ssl_session_cache off; ssl_session_tickets off;
  }}
}}""")
    return [
        shutil.which("nginx", path=SEARCH) or "nginx",
        "-c",
        str(folder / "nginx.conf"),
        "-e",
        str(folder / "error.log"),
    ]


def measure_blackbox(folder: Path, target: str) -> float:
    """CPU seconds of blackbox_exporter per probe."""
    port = free_port()
    config = folder / "blackbox.yml"
    config.write_text(f"""
modules:
  shop:
    prober: http
    http:
      fail_if_body_not_matches_regexp: ["Cordless drill"]
      preferred_ip_protocol: ip4
      tls_config: {{ca_file: {folder}/cert.pem}}
""")
    name = shutil.which("prometheus-blackbox-exporter") or "prometheus-blackbox-exporter"
    command = [name, f"--config.file={config}", f"--web.listen-address=127.0.0.1:{port}"]
    url = f"http://127.0.0.1:{port}/probe?module=shop&target={target}"
    with program(command, lambda: fetch(f"http://127.0.0.1:{port}/-/healthy")) as process:
        if b"probe_success 1" not in fetch(url):
            raise RuntimeError(fetch(url + "&debug=true").decode())
        before, started = cpu(process), time.monotonic()
        for number in range(RATE * SECONDS):
            time.sleep(max(0.0, started + number / RATE - time.monotonic()))
            fetch(url)
        return (cpu(process) - before) / (RATE * SECONDS)


def measure_techrun(folder: Path, target: str, expect: str) -> float:
    """CPU seconds of the whole daemon per probe."""
    port = free_port()
    every = 5
    checks = "\n".join(
        f"  - {{name: page-{n}, http: /, every: {every}s, expect: {{{expect}}}}}" for n in range(RATE * every)
    )
    config = folder / "techrun.yaml"
    config.write_text(f"""
version: 1
shop: bench
url: {target}
listen: 127.0.0.1:{port}
store: {folder}/bench.db
fetch: {{ca_file: {folder}/cert.pem}}
checks:
{checks}
""")
    command = [sys.executable, "-m", "techrun", "run", "-q", "-c", str(config)]
    with program(command, lambda: fetch(f"http://127.0.0.1:{port}/-/healthy")) as process:
        time.sleep(every + 1)
        runs_before, before, started = runs(port), cpu(process), time.monotonic()
        while time.monotonic() < started + SECONDS:
            time.sleep(every)
            fetch(f"http://127.0.0.1:{port}/metrics")
        spent = cpu(process) - before
        return spent / (runs(port) - runs_before)


def runs(port: int) -> int:
    """Good runs so far; any other status stops the measurement."""
    text = fetch(f"http://127.0.0.1:{port}/metrics").decode()
    found = re.findall(r'^techrun_check_runs_total\{.*status="(\w+)".*\} ([0-9.e+]+)$', text, re.MULTILINE)
    bad = {status: value for status, value in found if status != "up" and float(value)}
    if bad:
        raise RuntimeError(f"not all checks are up: {bad}")
    return sum(int(float(value)) for status, value in found if status == "up")


def measure_both(scheme: str, expect: str) -> tuple[float, float]:
    """CPU per probe in ms of techrun and of blackbox_exporter, one after the other."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_certificate(folder)
        ports = free_port(), free_port()
        target = f"{scheme}://localhost:{ports[scheme == 'https']}/"
        with program(nginx(folder, *ports), lambda: fetch(f"http://127.0.0.1:{ports[0]}/")):
            return 1000 * measure_techrun(folder, target, expect), 1000 * measure_blackbox(folder, target)


def main() -> None:
    print(f"CPU per probe in ms, {RATE} probes a second, median of {ROUNDS} rounds (min to max)\n")
    print(f"{'':12}{'techrun':>24}{'blackbox_exporter':>24}{'ratio':>8}")
    for scheme, how in CASES:
        rounds = [measure_both(scheme, EXPECTATIONS[how]) for _ in range(ROUNDS)]
        ours, theirs = map(list, zip(*rounds, strict=True))
        ratio = statistics.median(mine / its for mine, its in rounds)
        print(f"{scheme + ' ' + how:12}{figure(ours):>24}{figure(theirs):>24}{ratio:>8.2f}")


def figure(values: list[float]) -> str:
    return f"{statistics.median(values):.3f} ({min(values):.3f} to {max(values):.3f})"


if __name__ == "__main__":
    main()
