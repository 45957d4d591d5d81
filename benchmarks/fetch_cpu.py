"""CPU of one fresh request for a 12 KB page: our fetch, httpx above it, and plain httpx.

    python -m benchmarks.fetch_cpu

The ways take turns in one run against one server in another process. The table gives the median CPU of
this process, both user and system, in milliseconds, and the ratio to plain httpx.
"""

from __future__ import annotations

import asyncio
import ssl
import statistics
import tempfile
import time
from pathlib import Path

import certifi
import httpx

from benchmarks.pageserver import running
from techrun.exchange import Request, Response
from techrun.fetch import Fetcher, FetchSettings
from techrun.fetch.transport import CurlTransport

ROUNDS = 12
REQUESTS = 40
PATH = "/0/0/12288"


async def by_session(fetcher: Fetcher, url: str, _: ssl.SSLContext) -> None:
    async with fetcher.session() as session:
        answer = await session.exchange(Request("GET", url), 10)
    assert isinstance(answer, Response), answer
    assert len(answer.body) == 12288


async def by_httpx_over_curl(fetcher: Fetcher, url: str, _: ssl.SSLContext) -> None:
    async with httpx.AsyncClient(transport=CurlTransport(fetcher)) as client:
        answer = await client.get(url)
    assert len(answer.content) == 12288


async def by_httpx(_: Fetcher, url: str, context: ssl.SSLContext) -> None:
    async with httpx.AsyncClient(verify=context, trust_env=False) as client:
        answer = await client.get(url)
    assert len(answer.content) == 12288


WAYS = {"session": by_session, "httpx over curl": by_httpx_over_curl, "httpx": by_httpx}


async def measure(url: str, ca_file: str) -> dict[str, float]:
    context = ssl.create_default_context(cafile=ca_file)  # once: loading it each time would cost 20 ms
    fetcher = Fetcher(FetchSettings(ca_file=ca_file))
    spent: dict[str, list[float]] = {name: [] for name in WAYS}
    for number in range(ROUNDS + 1):
        for name, way in WAYS.items():
            before = time.process_time()
            for _ in range(REQUESTS):
                await way(fetcher, url, context)
            if number:  # the first round warms up
                spent[name].append((time.process_time() - before) / REQUESTS * 1000)
    await fetcher.close()
    return {name: statistics.median(values) for name, values in spent.items()}


def report(scheme: str, medians: dict[str, float]) -> None:
    for name, value in medians.items():
        print(f"{scheme:6} {name:16} {value:6.2f} ms   {value / medians['httpx']:5.2f} of httpx")


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with running() as port:
            report("http", asyncio.run(measure(f"http://127.0.0.1:{port}{PATH}", certifi.where())))
        with running(folder) as port:
            bundle = folder / "bundle.pem"  # a real bundle's size, since loading it is part of the cost
            bundle.write_text(Path(certifi.where()).read_text() + (folder / "ca.pem").read_text())
            report("https", asyncio.run(measure(f"https://127.0.0.1:{port}{PATH}", str(bundle))))


if __name__ == "__main__":
    main()
