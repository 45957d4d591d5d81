"""Checks run once: which steps `--until` may name."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from techrun.app.loading import Loaded, load
from techrun.app.once import Wish, opened, run_checks
from techrun.errors import UsageError
from techrun.model import Reason

WRITTEN = """
shop: acme
url: http://127.0.0.1:{port}
checks: [{{name: visit, journey: visit}}, {{name: home, http: /}}]
---
journey: visit
steps: [{{step: look, use: looking}}, {{step: buy, get: /buy, expect: {{status: 200}}}}]
---
fragment: looking
steps: [{{step: home, get: /, expect: {{status: 200}}}}, {{step: list, get: /list, expect: {{status: 200}}}}]
"""


@pytest.fixture
def closed(tmp_path: Path) -> Loaded:
    """A shop at a port where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        (tmp_path / "techrun.yaml").write_text(WRITTEN.format(port=taken.getsockname()[1]))
    return load(tmp_path)


@pytest.mark.parametrize("step", ["look", "look/list", "list", "buy"])
def test_until_names_a_step_or_a_fragment(closed: Loaded, step: str) -> None:
    results = run_checks(closed, closed.checks, Wish(until=step))
    assert [result.outcome.reason for result in results] == [Reason.CONNECT] * 2


@pytest.mark.parametrize("step", ["loo", "http", "ist"])
def test_until_refuses_what_is_no_step_of_any_check(closed: Loaded, step: str) -> None:
    with pytest.raises(UsageError, match="there are: buy, look/home, look/list"):
        run_checks(closed, closed.checks, Wish(until=step))


@pytest.mark.parametrize(
    ("doubts", "reason"), [(True, Reason.UPLINK), (False, Reason.CONNECT)], ids=["doubted", "taken as it is"]
)
async def test_a_shop_is_not_blamed_while_no_witness_answers(
    tmp_path: Path, *, doubts: bool, reason: Reason
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"
        text = f"shop: acme\nurl: {nobody}\nwitness: ['{nobody}']\nchecks: [{{name: home, http: /}}]\n"
        (tmp_path / "techrun.yaml").write_text(text)
        loaded = load(tmp_path)
        async with opened(loaded, orders=False, doubts=doubts) as (engine, _):
            result = await engine.run_once(loaded.checks[0], trigger="release")
    assert result.outcome.reason is reason
