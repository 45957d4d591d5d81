"""The phone of the demo: what it takes and what it shows."""

from __future__ import annotations

import httpx
import pytest
from selectolax.lexbor import LexborHTMLParser

from techrun.alerts.notify import Channel
from techrun.demo.phone import LARGEST, MOST
from techrun.demo.server import DemoShop
from techrun.standing import Message

BROWSER = {"accept": "text/html"}


@pytest.fixture
def phone():
    """A client of a shop whose phone nobody has called yet."""
    with DemoShop() as shop, httpx.Client(base_url=shop.url, timeout=5) as client:
        yield client


def tell(phone, title="[PAGE] shop: down", message="Since 03:12", channel="oncall"):
    return phone.post(f"/_phone/{channel}", json={"title": title, "message": message})


def messages(phone):
    return phone.get("/_phone").json()["messages"]


def page(phone):
    answer = phone.get("/_phone", headers=BROWSER)
    assert answer.headers["content-type"].startswith("text/html")
    return answer, LexborHTMLParser(answer.text)


def texts(document, selector):
    return [node.text(strip=True) for node in document.css(selector)]


def test_it_shows_the_newest_first_with_word_channel_and_title(phone):
    tell(phone, "[PAGE] shop: down")
    tell(phone, "[OK] shop: down - over after 2m", channel="second")
    _, document = page(phone)
    assert texts(document, "h2") == ["shop: down - over after 2m", "shop: down"]
    assert texts(document, "strong") == ["ok", "page"]
    assert [one["channel"] for one in messages(phone)] == ["second", "oncall"]


def test_it_says_so_while_there_is_none(phone):
    _, document = page(phone)
    assert "No messages yet" in document.css_first("main").text()


def test_it_keeps_so_many_and_forgets_the_oldest(phone):
    for number in range(MOST + 5):
        tell(phone, f"message {number}")
    titles = [one["title"] for one in messages(phone)]
    assert (titles[0], titles[-1], len(titles)) == (f"message {MOST + 4}", "message 5", MOST)


def test_what_a_shop_puts_into_a_message_stays_text(phone):
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    tell(phone, f"[PAGE] {evil}", f'{evil} https://x.example/"onmouseover="alert(1)\njavascript:alert(1)')
    answer, document = page(phone)
    assert document.css("main script, main img, [onmouseover], [onerror]") == []
    assert [node.attributes["href"] for node in document.css("main a")] == ["https://x.example/"]
    assert evil in document.css_first("h2").text()
    assert "unsafe-inline" not in answer.headers["content-security-policy"]


def test_links_lead_somewhere(phone):
    tell(phone, message="Ack http://127.0.0.1:9789/ack/1/c2ln | (see https://wiki.example/a?b=1&c=2).")
    _, document = page(phone)
    assert [node.attributes["href"] for node in document.css("article a")] == [
        "http://127.0.0.1:9789/ack/1/c2ln",
        "https://wiki.example/a?b=1&c=2",
    ]


@pytest.mark.parametrize(
    ("options", "status"),
    [
        pytest.param({"data": {"title": "a", "message": "b"}}, 415, id="a form, which any site could send"),
        pytest.param({"json": {"title": "a"}}, 422, id="no text"),
        pytest.param({"json": ["a"]}, 422, id="no object"),
        pytest.param({"json": {"title": "a", "message": "b" * LARGEST}}, 413, id="too large"),
        pytest.param(
            {"json": {"title": "a", "message": "b"}, "headers": {"host": "evil.example"}},
            403,
            id="a name that was rebound to this machine",
        ),
    ],
)
def test_it_refuses_what_is_no_message(phone, options, status):
    assert phone.post("/_phone/oncall", **options).status_code == status
    assert messages(phone) == []


def test_a_body_that_does_not_say_its_length_is_refused(phone):
    def chunks():
        yield b'{"title": "a", "message": "b"}'

    answer = phone.post("/_phone/oncall", content=chunks(), headers={"content-type": "application/json"})
    assert answer.status_code == 413


def test_it_takes_what_techrun_sends(phone):
    address = str(phone.base_url).removeprefix("http://").rstrip("/")
    channel = Channel("oncall", f"json://{address}/_phone/oncall")
    receipt = channel.send(Message(1, "opened", "oncall", "[PAGE] shop: down", "Since 03:12", 1_790_000_000))
    assert receipt.ok, receipt.answer
    (taken,) = messages(phone)
    assert (taken["title"], taken["text"].splitlines()[0]) == ("[PAGE] shop: down", "Since 03:12")


@pytest.mark.parametrize("path", ["/_phone", "/_faults"])
@pytest.mark.parametrize("fault", ["maintenance", "unavailable", "stylesheet-gone", "script-empty"])
def test_no_fault_of_the_shop_reaches_the_machine_room(phone, fault, path):
    """Where the whole shop is broken, the phone still rings and the switchboard can mend it."""
    phone.post("/_faults", json={"name": fault, "on": True})
    assert tell(phone).status_code == 200
    head = LexborHTMLParser(phone.get(path, headers=BROWSER).text).css("link[rel=stylesheet], script")
    files = [phone.get(node.attributes.get("href") or node.attributes["src"]) for node in head]
    assert len(files) >= 2
    assert all(file.status_code == 200 and file.content for file in files)
