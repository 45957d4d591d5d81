"""A daemon whose probe loop stands still says so: an orchestrator can restart it."""

from __future__ import annotations

import asyncio
import threading
import urllib.error
import urllib.request
from contextlib import ExitStack

from techrun.app import daemon
from techrun.app.loading import load

CONFIG = "shop: x\nurl: http://127.0.0.1:1\nlisten: 127.0.0.1:0\nstore: {store}\nchecks: [{{name: home, http: /}}]\n"


def health(url: str) -> int:
    try:
        with urllib.request.urlopen(f"{url}-/healthy", timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


async def test_a_probe_loop_that_stands_still_is_not_healthy_and_one_that_moves_is(
    tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr(daemon, "STANDSTILL", 0.5)
    monkeypatch.setattr(daemon, "BEAT", 0.05)
    (tmp_path / "techrun.yaml").write_text(CONFIG.format(store=tmp_path / "store.db"))
    with ExitStack() as stack:
        watching = daemon.Daemon(load(tmp_path), daemon.Watch(), stack)
        stopping = asyncio.Event()
        running = asyncio.create_task(watching.run(stopping))
        while not watching._web.address.port:  # noqa: ASYNC110  it has no event for that
            await asyncio.sleep(0.01)
        url = watching._web.url
        assert await asyncio.to_thread(health, url) == 200
        told: list[int] = []
        asked = threading.Timer(0.8, lambda: told.append(health(url)))
        asked.start()
        asked.join()  # on the loop: nothing moves until the answer is there
        assert told == [503]
        await asyncio.sleep(0.1)
        assert await asyncio.to_thread(health, url) == 200
        stopping.set()
        await running
