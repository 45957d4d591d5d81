"""The effective settings of a check, each with the line it comes from."""

from __future__ import annotations

from collections.abc import Callable

from techrun.config import Settings
from techrun.config.effective import load_rows, rows

MAIN = """\
shop: acme
url: https://www.acme.example
synthetic: {signing_key: "${secret.KEY}"}
defaults: {every: 2m}
labels: {team: blue}
checks:
  - name: port
    tcp: "${shop.host}:443"
    send: "${secret.KEY} ${lang}"
    for_each: {lang: [es]}
    slo: 99.95%
"""


def test_each_setting_is_shown_with_its_source(settings: Callable[..., Settings]) -> None:
    loaded = settings(MAIN, {"KEY": "s3cret-key"})
    told = {row.key: (row.value, row.source) for row in rows(loaded, loaded.checks[0])}
    assert told["url"] == ("https://www.acme.example", "techrun.yaml:2")
    assert told["tcp"] == ("www.acme.example:443", "techrun.yaml:8")
    assert told["every"] == ("2m", "techrun.yaml:4")
    assert told["deadline"] == ("10s", "default")
    assert told["slo"] == ("99.95%", "techrun.yaml:11")
    assert told["labels.team"] == ("blue", "techrun.yaml:5")
    assert told["labels.lang"] == ("es", "techrun.yaml:10")
    assert told["timezone"] == ("UTC", "default")
    assert told["confirmation.delays"] == ('["5s", "10s", "15s"]', "default")


def test_no_secret_is_shown(settings: Callable[..., Settings]) -> None:
    loaded = settings(MAIN, {"KEY": "s3cret-key"})
    told = {row.key: row.value for row in rows(loaded, loaded.checks[0])}
    assert told["send"] == "*** es"
    assert "s3cret-key" not in str(told)


def test_the_runbook_is_the_checks_or_else_the_shops(settings: Callable[..., Settings]) -> None:
    main = MAIN.replace("labels:", "owner: shop-ops\nrunbook: https://wiki.example/acme\nlabels:")
    main += "  - {name: home, http: /, runbook: https://wiki.example/home, symptom: the shop is shut}\n"
    loaded = settings(main, {"KEY": "s3cret-key"})
    port, home = (
        {row.key: (row.value, row.source) for row in rows(loaded, check)} for check in loaded.checks
    )
    assert port["runbook"] == ("https://wiki.example/acme", "techrun.yaml:6")
    assert home["runbook"] == ("https://wiki.example/home", "techrun.yaml:14")
    assert home["symptom"] == ("the shop is shut", "techrun.yaml:14")
    assert home["owner"] == ("shop-ops", "techrun.yaml:5")


def test_what_a_shop_says_of_load_tests_is_shown_as_it_is_written(settings: Callable[..., Settings]) -> None:
    main = (
        MAIN + "load:\n  max_rate: 90/min\n  criteria:\n    - {p95: 800ms, over: 30s}\n    - {errors: 0.5%}\n"
    )
    loaded = settings(main + "  scenarios: {checkout: {measure: 5m}}\n", {"KEY": "s3cret-key"})
    assert [(row.key, row.value, row.source) for row in load_rows(loaded, loaded.shops[0])] == [
        ("max_rate", "1.5/s", "techrun.yaml:13"),
        ("criteria.0", '{"p95": "800ms", "over": "30s"}', "techrun.yaml:15"),
        ("criteria.1", '{"errors": "0.5%"}', "techrun.yaml:16"),
        ("scenarios.checkout.measure", "5m", "techrun.yaml:17"),
    ]
    silent = settings(MAIN, {"KEY": "s3cret-key"})
    assert load_rows(silent, silent.shops[0]) == []
