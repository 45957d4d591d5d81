"""The page behind the link in a message: looking changes nothing, the button acknowledges."""

from __future__ import annotations

import time

import httpx
import pytest

from techrun.alerts.links import ack_link, is_signed, signature
from techrun.standing import Hold
from techrun.store.desk import load_desk
from techrun.store.state import begin_hold


@pytest.fixture
def browser():
    with httpx.Client(trust_env=False, follow_redirects=True, verify=False) as client:
        yield client


def taken_on(world):
    with world.store.read() as connection:
        return load_desk(connection, time.time()).acknowledged


def test_looking_shows_the_incident_and_a_button_and_changes_nothing(world, browser):
    for method in ("GET", "HEAD", "GET"):
        answer = browser.request(method, world.ack_link())
        assert answer.status_code == 200
    for part in (
        "acme-es: the home page does not open",
        "I take it on",
        "expected 200, got 502",
        "well again",
    ):
        assert part in answer.text
    assert taken_on(world) == {}


def test_the_button_acknowledges_and_the_page_then_says_who_did(world, browser):
    answer = browser.post(world.ack_link(), data={"author": " Kim ", "note": "restarting php"})
    assert answer.request.method == "GET", "going back in the browser acts no second time"
    assert "<strong>Kim</strong> has taken it on" in answer.text
    assert "restarting php" in answer.text
    assert "Take it over" in answer.text
    assert (taken_on(world)[1].author, taken_on(world)[1].note) == ("Kim", "restarting php")


def test_a_name_is_not_needed_at_three_in_the_morning(world, browser):
    browser.post(world.ack_link())
    assert taken_on(world)[1].author == "someone with the link"


def test_of_a_closed_incident_it_says_so_and_has_no_button(world, browser):
    for answer in (browser.get(world.ack_link(2)), browser.post(world.ack_link(2))):
        assert answer.status_code == 200
        assert "There is nothing left to take on" in answer.text
        assert "<button" not in answer.text


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "path",
    [
        "/ack/1/",
        "/ack/1/x",
        "/ack/1/{of_2}",
        "/ack/2/{of_1}",
        "/ack/1/{of_1}x",
        "/ack/01x/{of_1}",
        "/ack/-1/{of_1}",
        "/ack/²/{of_1}",
        f"/ack/{'1' * 5000}/x",
        "/ack/77/{of_77}",
    ],
)
def test_a_link_that_is_not_ours_leads_nowhere(world, browser, method, path):
    links = {f"of_{number}": world.ack_link(number).rpartition("/")[2] for number in (1, 2, 77)}
    answer = browser.request(method, world.url + path.format(**links))
    assert answer.status_code == 404
    assert "acme" not in answer.text
    assert taken_on(world) == {}


def test_it_is_strict_about_what_the_page_may_do(world, browser):
    headers = browser.get(world.ack_link()).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert policy.endswith("form-action 'self'")
    assert (headers["referrer-policy"], headers["cache-control"]) == ("no-referrer", "no-store")


def test_what_persons_and_shops_say_is_never_markup(world, browser):
    said = "<script>alert(1)</script>\"'&"
    answer = browser.post(world.ack_link(), data={"author": said, "note": said})
    assert "<script>" not in answer.text
    assert "&lt;script&gt;" in answer.text


def test_what_holds_the_alerts_is_told(world, browser):
    world.write(begin_hold, 1, Hold("held.group_wait"), time.time())
    assert "Alerts are held: group wait" in browser.get(world.ack_link()).text


def test_a_large_form_is_refused(world, browser):
    assert browser.post(world.ack_link(), content=b"a=" + b"x" * 20_000).status_code == 413
    assert taken_on(world) == {}


def test_the_link_stays_right_behind_a_proxy_that_adds_to_the_path(world):
    answer = httpx.post(world.ack_link(), trust_env=False)
    assert (answer.status_code, answer.headers["location"]) == (303, world.ack_link().rpartition("/")[2])


def test_a_signature_is_of_one_incident_and_one_store():
    assert is_signed("secret", 7, signature("secret", 7))
    assert not is_signed("secret", 8, signature("secret", 7))
    assert not is_signed("another", 7, signature("secret", 7))
    assert len(signature("secret", 7)) == 22


def test_without_an_address_there_is_no_link():
    assert ack_link("", "secret", 7) == ""
    assert ack_link("https://t.example/", "secret", 7).startswith("https://t.example/ack/7/")


def test_the_landing_page_shows_what_is_wrong_above_the_checks(world, browser):
    world.write(begin_hold, 1, Hold("held.silence", None, "silence #4 by dee"), time.time())
    browser.post(world.ack_link(), data={"author": "Kim"})
    page = browser.get(world.url).text
    for part in (
        "acme-es: the home page does not open",
        "began 10m ago",
        "2 checks",
        "taken on by Kim",
        "silence #4 by dee",
    ):
        assert part in page
