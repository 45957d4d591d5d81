"""Who hears of a verdict by HTTP: webhooks and Grafana."""

from __future__ import annotations

import pytest

from techrun.config.releases import Grafana, Webhook
from techrun.releases.acting import posting

TOKEN = "t0ken-of-24-characters-at-least"


@pytest.fixture(autouse=True)
def without_pauses(monkeypatch):
    monkeypatch.setattr(posting, "PAUSES", (0.01, 0.01, 0.01))


def hook(url, on=("fail",), token=None):
    return Webhook.model_validate({"url": url, "on": list(on)} | ({"token": token} if token else {}))


async def test_a_webhook_gets_the_verdict_with_its_token(receiver, make_verification, acted):
    (action,) = await acted(make_verification(), webhooks=(hook(f"{receiver.url}/told", token=TOKEN),))
    assert (action.kind, action.ok, action.answer) == ("webhook", True, "200")
    path, headers, said = receiver.heard.get_nowait()
    assert path == "/told"
    assert headers["authorization"] == f"Bearer {TOKEN}"
    assert headers["idempotency-key"] == "v-1"
    assert headers["user-agent"].startswith("techrun/")
    assert (said["verdict"], said["version"]) == ("fail", "v812")


@pytest.mark.parametrize(
    ("on", "value", "heard"),
    [
        (("fail",), "fail", True),
        (("fail",), "pass", False),
        (("pass", "inconclusive"), "inconclusive", True),
        (("pass", "inconclusive"), "fail", False),
    ],
    ids=["fail", "not a pass", "inconclusive", "not a failure"],
)
async def test_it_hears_of_the_verdicts_that_it_asked_for(
    on, value, heard, receiver, make_verification, acted
):
    actions = await acted(make_verification(value), webhooks=(hook(receiver.url, on),))
    assert len(actions) == (not receiver.heard.empty()) == heard


@pytest.mark.parametrize("status", [500, 502, 503, 429, 408])
async def test_who_is_busy_is_told_again_and_knows_it_by_the_key(status, receiver, make_verification, acted):
    receiver.answers = [(status, "busy"), (status, "busy")]
    (action,) = await acted(make_verification(), webhooks=(hook(receiver.url),))
    assert (action.ok, action.answer) == (True, "200 (after 3 tries)")
    keys = {receiver.heard.get_nowait()[1]["idempotency-key"] for _ in range(3)}
    assert keys == {"v-1"}


@pytest.mark.parametrize(
    ("status", "answer"),
    [(400, "400: no such channel"), (401, "401: no such channel"), (302, "302: moved to /elsewhere")],
    ids=["refused", "unknown token", "moved"],
)
async def test_who_refuses_is_not_asked_again(status, answer, receiver, make_verification, acted):
    receiver.answers = [(status, "no such channel")]
    (action,) = await acted(make_verification(), webhooks=(hook(receiver.url),))
    assert not action.ok
    assert action.answer.startswith(answer)
    assert receiver.heard.qsize() == 1


async def test_that_nobody_is_there_is_told_and_stops_no_other(receiver, make_verification, acted):
    away = hook("http://127.0.0.1:1/")
    lost, heard = await acted(make_verification(), webhooks=(away, hook(receiver.url)))
    assert (lost.ok, heard.ok) == (False, True)
    assert "(after 4 tries)" in lost.answer


async def test_a_secret_in_an_address_stays_there(receiver, make_verification, acted):
    receiver.answers = [(400, "what is s3cr3t-of-the-shop?")]
    (action,) = await acted(make_verification(), webhooks=(hook(f"{receiver.url}/s3cr3t-of-the-shop"),))
    assert "s3cr3t-of-the-shop" not in action.what + action.answer
    assert action.what == receiver.url.removeprefix("http://")


async def test_grafana_gets_an_annotation_from_the_beginning_to_the_verdict(
    receiver, make_verification, acted
):
    grafana = Grafana.model_validate(
        {"url": f"{receiver.url}/grafana/", "token": TOKEN, "dashboard": "shop-1"}
    )
    receiver.answers = [(200, '{"message": "Annotation added", "id": 1}')]
    verification = make_verification(summary="<b>2</b> of 30 runs failed")
    (action,) = await acted(verification, grafana=grafana)
    assert (action.kind, action.ok) == ("grafana", True)
    path, headers, said = receiver.heard.get_nowait()
    assert path == "/grafana/api/annotations"
    assert headers["authorization"] == f"Bearer {TOKEN}"
    assert said == {
        "time": 1_700_000_000_000,
        "timeEnd": 1_700_000_300_000,
        "tags": ["release", "demo", "verdict:fail"],
        "text": "v812 of demo: Failed\n&lt;b&gt;2&lt;/b&gt; of 30 runs failed",
        "dashboardUID": "shop-1",
    }


@pytest.mark.parametrize("value", ["pass", "fail", "inconclusive"])
async def test_every_verdict_is_drawn(value, receiver, make_verification, acted):
    grafana = Grafana.model_validate({"url": receiver.url, "token": TOKEN})
    await acted(make_verification(value), grafana=grafana)
    assert f"verdict:{value}" in receiver.heard.get_nowait()[2]["tags"]
