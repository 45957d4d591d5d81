"""Several generating processes, on this machine and elsewhere, and plain `locust -f`: the same run, rightly added up."""

import json
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

import pytest

from techrun.load.generator.parent import LoadError

BUYING = """
journey: look
deadline: 5s
data:
  article: {file: articles.csv}
steps:
  - step: home
    get: /article/${article.sku}
    expect: {text: {contains: welcome}}
  - step: order
    post: /order/${article.sku}
    effect: order
    expect: {text: {contains: welcome}}
"""


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def buying(place):
    rows = "\n".join(f"A{number:03}" for number in range(100))
    (place.folder / "journeys" / "articles.csv").write_text(f"sku\n{rows}\n")
    words = 'rate="20/s", ramp="0", warm_up="0", measure="1s", drain="5s", allow_orders=True'
    place.write(journey=BUYING, scenario=words)
    return place


def test_two_processes_share_data_orders_and_arrivals_and_their_histograms_add_up(
    shop, buying, carried_out, told
):
    tally = carried_out(buying.job(workers=2))
    articles = {path: count for path, count in shop.paths.items() if path.startswith("/article/")}
    orders = {path: count for path, count in shop.paths.items() if path.startswith("/order/")}
    assert articles == {f"/article/A{number:03}": 1 for number in range(20)}
    assert sum(orders.values()) == len(orders) == tally.counts["orders"] == 20
    assert told.steps(tally) == told.steps(tally, "order") == told.steps(tally, "") == (20, {})
    assert sum(window.due for window in tally.traffic.values()) == 20
    assert sum(window.started for window in tally.traffic.values()) == 20
    assert set(tally.health) == {"worker 1", "worker 2"}


def test_a_worker_elsewhere_needs_nothing_but_the_text_of_the_scenario(shop, buying, load, told, tmp_path):
    port = _free_port()
    generator = load(buying.job(expect_workers=1, port=port))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    worker = subprocess.Popen(
        [sys.executable, "-m", "locust", "-f", "-", "--worker", "--master-port", str(port)],
        cwd=elsewhere,
        env={**buying.environment(TMPDIR=str(elsewhere)), "TECHRUN_CONFIG": "/nowhere"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        generator.prepare()
        generator.begin()
        processes = {health.process for report in generator.reports() for health in report.health}
        generator.close()
        assert worker.wait(10) == 0
    finally:
        worker.kill()
    assert processes == {"worker 1", "worker 2"}
    assert sorted(path for path in shop.paths if "article" in path) == [
        f"/article/A{number:03}" for number in range(20)
    ]


def test_workers_that_do_not_come_end_the_run_before_it_begins(place, load, shop):
    generator = load(place.job(expect_workers=1, wait_for_workers=1.0))
    with pytest.raises(LoadError, match="1 of 2 workers"):
        generator.prepare()
    assert not shop.asked


@pytest.mark.parametrize(
    ("scenario", "what"),
    [
        ("rate=", "SyntaxError"),
        ('rate="5/s", nonsense=1', "TypeError"),
        ('rate="5"', "rate"),
    ],
    ids=["no Python", "unknown word", "no rate"],
)
def test_a_scenario_that_cannot_be_read_is_told_in_words(place, load, scenario, what):
    job = place.job()
    generator = load(
        type(job)(scenario=job.scenario.replace('rate="20/s"', scenario), name="x", hosts=job.hosts)
    )
    with pytest.raises(LoadError, match=what) as told:
        generator.prepare()
    assert told.value.exit_code == 3


def test_a_process_that_never_gets_ready_is_given_up(place, load, monkeypatch):
    monkeypatch.setattr("techrun.load.generator.parent.START", 1.0)
    monkeypatch.setattr("techrun.load.generator.parent.LEAVE", 0.5)
    job = place.job()
    generator = load(type(job)(scenario="import time; time.sleep(60)", name="x", hosts=job.hosts))
    with pytest.raises(LoadError, match="not ready within"):
        generator.prepare()
    generator.close()


def test_a_run_can_be_extended_until_its_last_arrival_and_stopped_at_any_time(shop, place, load):
    place.write(scenario='rate="20/s", ramp="0", warm_up="0", measure="2s", drain="3s"')
    generator = load(place.job())
    generator.prepare()
    generator.begin()
    seen = []
    for report in generator.reports():
        seen += [window.started for window in report.traffic]
        if 0.5 < report.at < 1.5:
            generator.extend(30)
        if 2.5 < report.at < 3.5:
            generator.stop("enough")
    assert 50 < sum(seen) < 100
    assert sum(seen) == shop.paths["/"]


def test_closed_model_keeps_so_many_visitors_and_no_more(shop, place, carried_out, told):
    def slow(exchange):
        time.sleep(0.1)
        exchange.say()

    shop.answer = slow
    place.write(scenario='users=3, ramp="0", warm_up="0", measure="1s", drain="3s"')
    tally = carried_out(place.job())
    active = [window.active for window in tally.traffic.values() if window.due]
    assert max(active) <= 3
    assert 15 <= told.steps(tally)[0] <= 31


def test_more_visitors_than_may_be_in_the_shop_are_dropped_and_counted(shop, place, carried_out, told):
    def slow(exchange):
        time.sleep(1)
        exchange.say()

    shop.answer = slow
    place.write(scenario='rate="20/s", ramp="0", warm_up="0", measure="1s", drain="3s"')
    tally = carried_out(place.job(most_visitors=5))
    assert sum(window.dropped for window in tally.traffic.values()) == 15
    assert told.steps(tally) == (5, {})


def test_two_releases_in_one_run_get_the_same_visits(shop, place, carried_out, told):
    from dataclasses import replace

    tally = carried_out(replace(place.job(), hosts={"new": shop.url, "old": shop.url}))
    arms = [cell.arm for cell in told.cells(tally) for _ in range(cell.count) if cell.step == "home"]
    assert sorted(arms) == ["new"] * 10 + ["old"] * 10


def test_the_web_page_is_there_while_the_run_goes_on(shop, place, load):
    port = _free_port()
    place.write(scenario='rate="20/s", ramp="0", warm_up="0", measure="3s", drain="3s"')
    generator = load(place.job(web=f"127.0.0.1:{port}"))
    generator.prepare()
    generator.begin()
    pages = []
    for report in generator.reports():
        if not pages and report.at > 1:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/stats/requests", timeout=5) as page:
                pages.append(page.read())
    assert b'"home"' in pages[0]


def test_a_plain_locust_with_processes_prints_the_verdict_and_exits_by_it(shop, place):
    shop.answer = _slowly
    run = place.locust("--headless", *_two_workers())
    output, _ = run.communicate(timeout=40)
    assert (_verdict(output), run.returncode) in {("PASS", 0), ("INVALID", 4)}
    assert shop.paths["/"] == 20


def _two_workers():
    port = str(_free_port())
    bound = ["--master-bind-host", "127.0.0.1", "--master-bind-port", port, "--master-port", port]
    return ["--processes", "2", *bound]


def _slowly(exchange):
    """Slow pages forgive a busy machine: a loop that is late by a tenth of them is no reason to doubt the run."""
    time.sleep(0.5)
    exchange.say()


def _verdict(output):
    return next((line.partition(":")[0] for line in output.splitlines() if line.startswith(VERDICTS)), "")


VERDICTS = ("PASS", "FAIL", "INCONCLUSIVE", "INVALID")


def test_a_plain_locust_fails_where_the_shop_does(shop, place):
    def broken(exchange):
        time.sleep(0.5)
        exchange.say(500)

    shop.answer = broken
    run = place.locust("--headless")
    output, _ = run.communicate(timeout=40)
    assert (_verdict(output), run.returncode) in {("FAIL", 1), ("INVALID", 4)}
    assert "status" in output


@pytest.mark.parametrize(
    ("end", "two"), [(signal.SIGTERM, True), (signal.SIGINT, False)], ids=["SIGTERM", "Ctrl-C"]
)
def test_a_plain_locust_that_is_interrupted_tells_what_it_has_and_exits_130(shop, place, end, two):
    place.write(scenario='rate="20/s", ramp="0", warm_up="0", measure="60s", drain="3s"')
    run = place.locust("--headless", *(_two_workers() if two else []))
    assert shop.arrived.wait(20)
    run.send_signal(end)
    output, _ = run.communicate(timeout=30)
    assert run.returncode == 130
    assert _verdict(output) in {"INVALID", "INCONCLUSIVE"}


def test_the_web_page_of_a_plain_locust_starts_a_run_and_its_end_is_judged(shop, place):
    port = _free_port()
    run = place.locust("--web-host", "127.0.0.1", "--web-port", str(port))
    output = []
    reader = threading.Thread(target=lambda: output.extend(run.stdout), daemon=True)
    reader.start()
    try:
        _post(f"http://127.0.0.1:{port}/swarm", b"user_count=1&spawn_rate=1")
        _until(lambda: _verdict("".join(output)))
        assert shop.paths["/"] == 20
        _post(f"http://127.0.0.1:{port}/swarm", b"user_count=1&spawn_rate=1")
        _until(lambda: sum(line.startswith(VERDICTS) for line in output) == 2)
        assert shop.paths["/"] == 40
    finally:
        run.terminate()
        run.wait(20)
        reader.join()


def _post(url, body, tries=100):
    for _ in range(tries):
        try:
            with urllib.request.urlopen(url, body, timeout=5) as answer:
                assert json.loads(answer.read())["success"]
                return
        except urllib.error.URLError:
            time.sleep(0.1)
    pytest.fail("no web page")


def _until(holds, seconds=30):
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.05)
