"""A load run's metrics to where Prometheus finds them: an address of its own, a file, a Pushgateway."""

from __future__ import annotations

import contextlib
import http.client
import logging
import os
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from prometheus_client import push_to_gateway, start_http_server, write_to_textfile
from prometheus_client.exposition import basic_auth_handler, default_handler

from techrun.errors import TechrunError
from techrun.load.metrics import Metrics
from techrun.load.records import Run
from techrun.web.server import parse_listen

log = logging.getLogger(__name__)

JOB = "techrun_load"
PATIENCE = 10.0
"""Seconds that a Pushgateway gets."""


class MetricsError(TechrunError):
    """The metrics could not be handed over."""


@contextlib.contextmanager
def served(metrics: Metrics, listen: str) -> Iterator[str]:
    """Answer scrapes at this address (`host:port`; without a host it is this machine only) while it lasts."""
    address = parse_listen(listen)
    try:
        server, thread = start_http_server(address.port, address.host, metrics.registry)
    except OSError as error:
        raise MetricsError(f"the metrics cannot be served at {address}: {error.strerror}") from error
    try:
        yield f"http://{address.host}:{server.server_port}/metrics"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def write_textfile(metrics: Metrics, path: Path) -> None:
    """Write all for node_exporter's textfile collector: the file is there whole, or as it was."""
    try:
        write_to_textfile(str(path), metrics.registry)
    except OSError as error:
        raise MetricsError(f"{path}: the metrics cannot be written ({error.strerror})") from error


def push(metrics: Metrics, url: str) -> None:
    """Put all in place of this scenario's group on a Pushgateway; who we are stands in the environment."""
    if "@" in url:
        raise MetricsError(
            "the Pushgateway's address names a user: write TECHRUN_PUSHGATEWAY_USER and "
            "TECHRUN_PUSHGATEWAY_PASSWORD into the environment instead"
        )
    run = metrics.run
    grouping = {"shop": run.shop, "scenario": run.scenario}
    try:
        push_to_gateway(url, JOB, metrics.registry, grouping, PATIENCE, _handler(os.environ))
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise MetricsError(f"the Pushgateway {url} did not take the metrics ({error})") from error


def _handler(environ: Mapping[str, str]) -> Callable[..., Callable[[], None]]:
    """Authorises by `TECHRUN_PUSHGATEWAY_TOKEN`, or `TECHRUN_PUSHGATEWAY_USER` and `..._PASSWORD`."""
    token, user = environ.get("TECHRUN_PUSHGATEWAY_TOKEN", ""), environ.get("TECHRUN_PUSHGATEWAY_USER", "")
    if user:
        return partial(
            basic_auth_handler, username=user, password=environ.get("TECHRUN_PUSHGATEWAY_PASSWORD", "")
        )

    def handle(url: str, method: str, timeout: float | None, headers: Any, data: bytes) -> Callable[[], None]:
        bearer = [("Authorization", f"Bearer {token}")] if token else []
        return default_handler(url, method, timeout, [*headers, *bearer], data)

    return handle


@contextlib.contextmanager
def published(
    run: Run, *, listen: str = "", textfile: Path | None = None, pushgateway: str = ""
) -> Iterator[Metrics]:
    """Count a run; what goes wrong with handing over is logged, and changes neither run nor verdict."""
    metrics = Metrics(run)
    with contextlib.ExitStack() as stack:
        if listen:
            with _logged():
                log.info("metrics: %s", stack.enter_context(served(metrics, listen)))
        yield metrics
        if metrics.settled and textfile is not None:
            with _logged():
                write_textfile(metrics, textfile)
        if metrics.settled and pushgateway:
            with _logged():
                push(metrics, pushgateway)


@contextlib.contextmanager
def _logged() -> Iterator[None]:
    try:
        yield
    except TechrunError as error:
        log.warning("%s", error)
