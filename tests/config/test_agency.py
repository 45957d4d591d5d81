"""An agency's configuration as the design draws it: shared settings, a file for each shop, packs, for_each."""

from __future__ import annotations

from pathlib import Path

import pytest

from techrun.app.loading import Loaded, load, select
from techrun.app.parts import check_parts, policy_of
from techrun.config.advice import advice
from techrun.errors import ConfigError

FOLDER = Path(__file__).parents[1] / "golden" / "agency"
SECRETS = {
    "ACME_PROBE_KEY": "a-probe-key",
    "PAGER_URL": "json://127.0.0.1/p",
    "ACME_SLACK_URL": "json://127.0.0.1/s",
    "HEARTBEAT_URL": "https://heartbeat.example/techrun",
    "READ_TOKEN": "a-token-that-may-look",
    "OPERATE_TOKEN": "a-token-that-may-act",
}


@pytest.fixture(scope="module")
def loaded() -> Loaded:
    return load(FOLDER, SECRETS)


def test_a_shop_gets_its_own_checks_and_those_of_its_pack(loaded) -> None:
    checks = {check.id.name: check for check in loaded.checks}
    assert {"home", "certificate", "checkout", "order", "search"} <= set(checks)
    assert sum(name.startswith("categories") for name in checks) == 4
    assert checks["checkout"].steps[-1] == "shipping-offers"
    assert not checks["checkout"].places_orders
    assert checks["order"].places_orders
    assert checks["order"].notify == ("oncall",)
    assert checks["certificate"].notify == ("acme-slack",)
    assert checks["home"].labels["team"] == "blue"


def test_a_check_says_what_its_failure_means_and_what_to_do(loaded) -> None:
    checks = {check.id.name: check for check in loaded.checks}
    assert checks["order"].symptom == "customers cannot place orders"
    assert checks["order"].runbook == "https://wiki.example/acme/orders"
    assert checks["home"].runbook == ""


def test_alerting_is_as_written_and_needs_no_advice(loaded) -> None:
    policy = policy_of(loaded.settings)
    assert policy.owner == ("ops",)
    assert policy.fallback == {"oncall": "ops"}
    assert [planned.name for planned in policy.calendar] == [
        "nightly import",
        "patches",
        "move to the new hosting",
        "stocktaking",
    ]
    assert {planned.timezone for planned in policy.calendar} == {"Europe/Madrid"}
    assert advice(loaded.settings) == []
    check_parts(loaded.settings)


@pytest.mark.parametrize(
    ("selectors", "options", "many"),
    [
        pytest.param(["acme-es/checkout"], {}, 1, id="one check"),
        pytest.param(["acme-*/*"], {}, 9, id="a pattern"),
        pytest.param([], {"client": "acme"}, 9, id="a client"),
    ],
)
def test_selectors_find_their_checks(loaded, selectors, options, many) -> None:
    assert len(select(loaded, selectors, **{"client": None, "tags": (), **options})) == many


def test_every_missing_secret_is_named_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        load(FOLDER, {})
    text = str(caught.value)
    assert all(name in text for name in SECRETS)
