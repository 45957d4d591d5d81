"""One visit under load: what it asks, what it records, and how it ends."""

from __future__ import annotations

import threading

import gevent
import gevent.event
import pytest

TWO = """
    steps:
      - {step: home, get: /home, expect: {text: {contains: hello}}}
      - {step: cart, get: /cart, expect: {text: {contains: hello}}}
"""
ORDER = """
    deadline: 5s
    steps:
      - {step: home, get: /home, expect: {text: {contains: hello}}}
      - {step: pay, post: /pay, effect: order, json: {a: 1}, expect: {json: {$.id: {exists: true}}}, save: {id: {json: $.id}}}
    cleanup:
      - {step: cancel, when: "${id}", post: "/cancel/${id}", expect: {text: {contains: hello}}}
"""


def _shop(reply, **pages):
    """Answers `/name` with pages[name], else with hello."""

    def handler(asked):
        answer = pages.get(asked.path.split("/")[1].partition("?")[0], reply())
        return answer(asked) if callable(answer) else answer

    return handler


@pytest.fixture
def until_asked():
    """Wait, without holding the visit, until a server has seen so many requests."""

    def wait(site, number):
        def look():
            while len(site.asked) < number:
                gevent.sleep(0.005)

        return look

    return wait


def test_each_step_is_told_to_the_recorder_and_to_locust(serve, reply, visit):
    made = visit(TWO, serve(_shop(reply)).url)
    assert [cell[:4] for cell in made.cells] == [
        ["new", "test", "home", 100],
        ["new", "test", "cart", 100],
        ["new", "test", "", 100],
    ]
    assert made.steps == [("home", ""), ("cart", "")]
    assert made.events[0]["request_type"] == "GET"
    assert made.events[0]["response_length"] == 5
    assert made.examples == []


def test_a_late_start_counts_in_the_first_step_and_in_the_visit(serve, reply, visit):
    made = visit(TWO, serve(_shop(reply)).url, late=2.0)
    assert 1.9 < made.seconds("home") < 3
    assert made.seconds("cart") < 1
    assert 1.9 < made.seconds("") < 3
    assert (made.cell("home")[0], made.cell("cart")[0]) == (100, 102)


def test_think_time_is_in_no_duration_and_in_no_deadline(serve, reply, visit):
    made = visit(f"    deadline: 1s{TWO}", serve(_shop(reply)).url, think=lambda: 1.2)
    assert made.steps == [("home", ""), ("cart", "")]
    assert made.seconds("cart") < 0.9
    assert made.seconds("") < 0.9
    assert made.cell("cart")[0] == 101


def test_nobody_thinks_before_the_first_step_nor_within_one(serve, reply, visit):
    thought = []
    moved = b"HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n"
    site = serve(_shop(reply, home=moved))
    visit(TWO, site.url, think=lambda: thought.append(len(site.asked)) or 0.0)
    assert thought == [2]


def test_a_redirect_belongs_to_its_step(serve, reply, visit):
    moved = b"HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n"
    made = visit(TWO, serve(_shop(reply, home=moved)).url)
    assert made.steps == [("home", ""), ("cart", "")]


@pytest.mark.parametrize(
    ("page", "reason", "words"),
    [
        (b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", "status", "status 503"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "expectation", "expectation"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://elsewhere.example/\r\nContent-Length: 0\r\n\r\n", "forbidden", "forbidden"),
        (b"nonsense\r\n\r\n", "protocol", "protocol"),
    ],
    ids=["status", "expectation", "redirect to another host", "protocol"],
)  # fmt: skip
def test_a_failed_step_ends_the_visit_with_its_reason(serve, reply, visit, page, reason, words):
    made = visit(TWO, serve(_shop(reply, home=page)).url)
    assert made.steps == [("home", words)]
    assert made.errors("home") == {reason: 1}
    assert made.errors("") == {reason: 1}
    assert made.cell("home")[1] == {}
    [(arm, journey, step, told, message, at)] = made.examples
    assert (arm, journey, step, told, at) == ("new", "test", "home", reason, 100.0)
    assert message


def test_examples_are_redacted(serve, reply, visit):
    page = reply(b"<h1>the password hunter22 is wrong</h1>", "500 Oops", ("Content-Type", "text/html"))
    journey = 'steps: [{step: home, get: /home, expect: {css: {h1: "fine"}}}]'
    made = visit(journey, serve(_shop(reply, home=page)).url)
    assert "hunter22" not in str(made.examples)


def test_assets_of_other_hosts_are_left_alone_and_fail_nothing(serve, reply, visit):
    other = serve(lambda asked: reply(b"x{}", "200 OK", ("Content-Type", "text/css")))
    html = f'<link rel=stylesheet href="/own.css"><link rel=stylesheet href="{other.url}/theirs.css"><h1>hello</h1>'
    pages = {
        "home": reply(html.encode(), "200 OK", ("Content-Type", "text/html")),
        "own.css": reply(b"x{}", "200 OK", ("Content-Type", "text/css")),
    }
    site = serve(_shop(reply, **pages))
    made = visit("steps: [{step: home, get: /home, expect: {css: {h1: hello}, assets: true}}]", site.url)
    assert made.steps == [("home", "")]
    assert [asked.path for asked in site.asked] == ["/home", "/own.css"]
    assert other.asked == []


def test_an_asset_that_is_gone_still_fails(serve, reply, visit):
    html = reply(
        b'<link rel=stylesheet href="/own.css"><h1>hello</h1>', "200 OK", ("Content-Type", "text/html")
    )
    site = serve(_shop(reply, home=html, **{"own.css": reply(b"", "404 Not Found")}))
    made = visit("steps: [{step: home, get: /home, expect: {css: {h1: hello}, assets: true}}]", site.url)
    assert made.steps == [("home", "asset")]


def test_requests_say_that_they_are_a_load_test(serve, reply, visit):
    site = serve(_shop(reply))
    visit(TWO, site.url, slot=7, signing_key="0123456789abcdef")
    first, second = site.asked
    assert first.header("User-Agent") == ["techrun/1 load"]
    assert first.header("X-Synthetic")[0].startswith("test ")
    assert first.header("X-Synthetic")[0].endswith("-7")
    assert first.header("X-Synthetic-Signature")[0].startswith("t=")
    assert first.header("traceparent")[0].split("-")[1] == second.header("traceparent")[0].split("-")[1]


def test_every_visit_takes_the_row_of_its_slot(serve, reply, visit):
    journey = """
        data: {article: {file: articles.csv}}
        steps: [{step: home, get: "/home?sku=${article.sku}", expect: {text: {contains: hello}}}]
    """
    site = serve(_shop(reply))
    rows = [{"sku": f"s{number}"} for number in range(3)]
    for slot in range(4):
        visit(journey, site.url, slot=slot, data={"article": rows})
    assert [asked.path[-2:] for asked in site.asked] == ["s0", "s1", "s2", "s0"]


def test_every_visit_is_a_new_customer(serve, reply, visit):
    site = serve(_shop(reply, home=reply(b"hello", "200 OK", ("Set-Cookie", "s=1"))))
    visit(TWO, site.url)
    visit(TWO, site.url)
    assert [asked.header("Cookie") for asked in site.asked] == [[], ["s=1"], [], ["s=1"]]
    assert site.connections == 2


def test_until_ends_the_visit_after_its_step(serve, reply, visit):
    made = visit(TWO, serve(_shop(reply)).url, until="home")
    assert made.steps == [("home", "")]
    assert made.errors("") == {}


class TestOrders:
    def test_are_not_placed_unless_allowed(self, serve, reply, visit):
        site = serve(_shop(reply))
        made = visit(ORDER, site.url)
        assert made.steps == [("home", "")]
        assert site.count("POST") == 0
        assert made.errors("") == {}
        assert made.counts == {}

    def test_are_counted_and_taken_back(self, serve, reply, visit):
        site = serve(_shop(reply, pay=reply(b'{"id": 8}', "200 OK", ("Content-Type", "application/json"))))
        made = visit(ORDER, site.url, allow_orders=True)
        assert made.steps == [("home", ""), ("pay", "")]
        assert [asked.path for asked in site.asked][-1] == "/cancel/8"
        assert made.counts == {"orders": 1}

    def test_that_stand_in_the_shop_are_counted_as_leaked(self, serve, reply, visit):
        paid = reply(b'{"id": 8}', "200 OK", ("Content-Type", "application/json"))
        site = serve(_shop(reply, pay=paid, cancel=reply(b"", "500 Oops")))
        made = visit(ORDER, site.url, allow_orders=True)
        assert made.counts == {"orders": 1, "orders_leaked": 1, "cleanup_failed": 1}
        assert made.errors("") == {}

    def test_are_sent_once_whatever_the_server_does(self, serve, reply, close, visit):
        """It reads the order on a fresh connection and closes that without an answer."""
        site = serve(_shop(reply, pay=close))
        made = visit(ORDER, site.url, allow_orders=True)
        assert made.steps == [("home", ""), ("pay", "protocol")]
        assert site.count("POST") == 1
        assert made.counts == {"orders_unconfirmed": 1}

    def test_that_are_under_way_when_the_run_ends_are_waited_for_and_taken_back(
        self, serve, reply, visit, until_asked
    ):
        answered = threading.Event()
        paid = reply(b'{"id": 8}', "200 OK", ("Content-Type", "application/json"))
        site = serve(_shop(reply, pay=lambda asked: answered.wait(5) and paid))

        def release():
            gevent.sleep(0.05)
            answered.set()
            gevent.sleep(0.05)

        made = visit(ORDER, site.url, allow_orders=True, kill=[until_asked(site, 2), release])
        assert [asked.path for asked in site.asked] == ["/home", "/pay", "/cancel/8"]
        assert made.counts["orders"] == 1
        assert "orders_leaked" not in made.counts


HANGS = """
    deadline: 500ms
    steps:
      - {step: home, get: /home, expect: {text: {contains: hello}}}
      - {step: slow, get: /slow, expect: {text: {contains: hello}}}
    cleanup:
      - {step: tidy, get: /tidy, expect: {text: {contains: hello}}}
"""


def _hang(asked):
    asked.stop.wait(10)
    return b""


class TestTheEnd:
    def test_a_spent_deadline_fails_the_step_and_runs_the_cleanup(self, serve, reply, visit):
        site = serve(_shop(reply, slow=_hang))
        made = visit(HANGS, site.url)
        assert made.steps == [("home", ""), ("slow", "timeout")]
        assert made.errors("") == {"timeout": 1}
        assert site.asked[-1].path == "/tidy"
        assert not made.cut

    def test_of_the_run_fails_the_step_that_waits_for_its_answer(self, serve, reply, visit, until_asked):
        """So a shop that hangs shows 100 % errors, never no requests at all."""
        site = serve(_shop(reply, slow=_hang))
        made = visit(HANGS.replace("500ms", "30s"), site.url, kill=[until_asked(site, 2)])
        assert made.cut
        assert made.steps == [("home", ""), ("slow", "timeout")]
        assert made.errors("slow") == {"timeout": 1}
        assert made.counts == {"visits_cut": 1}
        assert site.asked[-1].path == "/tidy"
        assert "the run was over" in made.examples[0][4]

    def test_of_the_run_while_the_customer_thinks_fails_nothing(self, serve, reply, visit, until_asked):
        site = serve(_shop(reply))

        def think_begins():
            until_asked(site, 1)()
            gevent.sleep(0.05)

        made = visit(HANGS, site.url, think=lambda: 30.0, kill=[think_begins])
        assert made.steps == [("home", "")]
        assert [cell[2] for cell in made.cells] == ["home"]
        assert made.counts == {"visits_cut": 1}
        assert [asked.path for asked in site.asked] == ["/home", "/tidy"]

    def test_a_cleanup_is_not_cut_off_by_a_second_stop(self, serve, reply, visit, until_asked):
        tidied = threading.Event()
        site = serve(_shop(reply, slow=_hang, tidy=lambda asked: tidied.wait(5) and reply()))

        def then():
            until_asked(site, 3)()
            gevent.get_hub().loop.timer(0.05).start(tidied.set)

        made = visit(HANGS.replace("500ms", "30s"), site.url, kill=[until_asked(site, 2), then])
        assert site.asked[-1].path == "/tidy"
        assert made.counts == {"visits_cut": 1}

    def test_of_the_run_while_a_listener_of_the_scenario_waits_still_cleans_up(self, serve, reply, visit):
        site, began = serve(_shop(reply)), gevent.event.Event()

        def listener():
            began.set()
            gevent.sleep(5)

        made = visit(HANGS, site.url, listener=listener, kill=[began.wait])
        assert made.counts == {"visits_cut": 1}
        assert [asked.path for asked in site.asked] == ["/home", "/tidy"]

    def test_a_cleanup_that_hangs_ends_with_its_own_deadline(self, serve, reply, visit):
        site = serve(_shop(reply, slow=_hang, tidy=_hang))
        made = visit(f"    cleanup_deadline: 300ms{HANGS}", site.url)
        assert made.counts == {"cleanup_failed": 1}


def test_a_step_that_cannot_be_asked_is_an_error_of_that_step(serve, reply, visit):
    journey = """
        steps:
          - {step: home, get: /home, expect: {text: {contains: hello}}}
          - {step: form, submit: "form#gone", expect: {text: {contains: hello}}}
    """
    made = visit(journey, serve(_shop(reply)).url)
    assert made.steps == [("home", ""), ("form", "extraction")]
    assert made.errors("form") == {"extraction": 1}


def test_steps_that_ask_for_nothing_are_not_recorded(serve, reply, visit):
    journey = """
        steps:
          - {step: rest, wait: 10ms}
          - {step: maybe, when: "${1 == 2}", get: /home, expect: {text: {contains: hello}}}
          - {step: home, get: /home, expect: {text: {contains: hello}}}
    """
    made = visit(journey, serve(_shop(reply)).url, late=1.0)
    assert made.steps == [("home", "")]
    assert made.seconds("home") > 0.9


class TestAFaultOfOurOwn:
    @pytest.mark.parametrize("step", [1, 2])
    def test_fails_the_step_that_it_hit_as_internal(self, serve, reply, visit, step):
        """A visit that vanished would make the run look better than it was."""
        site = serve(_shop(reply))
        thoughts = [0.0] * (step - 1)
        steps = (f"{{step: {name}, get: /home, expect: {{status: 200}}}}" for name in ("one", "two", "three"))
        made = visit(f"steps: [{', '.join(steps)}]", site.url, think=thoughts.pop)
        name = ["one", "two", "three"][step]
        assert made.errors(name) == {"internal": 1}
        assert made.errors("") == {"internal": 1}
        assert [cell[2] for cell in made.cells] == [*["one", "two"][:step], name, ""]
        assert made.examples[0][2:4] == [name, "internal"]
        assert "IndexError" in made.examples[0][4]
        assert ".py:" in made.examples[0][4]
