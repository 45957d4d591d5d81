"""What is carried along with a scenario means the same as the configuration it came from, and holds no secret."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from techrun.app import loading
from techrun.config.files import shipped_checks
from techrun.config.secrets import SecretsIfSet
from techrun.errors import ConfigError, UsageError
from techrun.journey.compile import compile_journey
from techrun.journey.model import Journey
from techrun.journey.plan import Plan
from techrun.language.scalars import FloatText, IntText, text_of
from techrun.load import bundle as bundles
from techrun.load.bundle import bundle_of, current, read
from techrun.load.bundle.carried import Bundle
from techrun.load.bundle.packing import Packer, pretty, unpack

ROOT = Path(__file__).parents[3]
SHOP = """\
shop: acme
url: https://www.acme.example
locale: es-ES
include: [journeys.yaml]
fetch: {user_agent: acme-probe}
synthetic: {email: probe@acme.example, signing_key: "${secret.KEY}"}
use: [acme-pack]
impact: {orders_per_hour: 12, average_order: 85 EUR}
load:
  hosts: [staging.acme.example]
  max_rate: 90/min
  journeys: {buy: acme-buy}
  criteria: [{p95: 800ms, over: 30s}, {errors: 0.5%}, {apdex: 0.9, at: 500ms}]
  scenarios: {checkout: {rate: 5/s, ramp: 0s, measure: 1h30m, allow_orders: true}}
"""
JOURNEYS = """\
journey: acme-buy
deadline: 1.5s
data: {article: {file: articles.csv}, price: {file: prices.yaml}}
steps:
  - step: home
    get: /${article.sku}
    headers: {X-Key: "${secret.KEY}", X-Plan: "${env.PLAN:-none}"}
    query: {zip: 01234, share: 1.10, on: on, none: null}
    expect: {text: Welcome}
  - {step: more, use: login, with: {user: "${synthetic.email}"}}
---
fragment: login
parameters: [user]
steps:
  - {step: form, post: "${page}", form: {user: "${user}", pass: "${secret.PASS}"}, expect: {text: Hi}}
---
journey: other
steps: [{step: home, get: "/?token=${secret.OTHER}", expect: {text: Hi}}]
---
pack: acme-pack
parameters: {page: {default: "${shop.url}/probe"}}
"""


@pytest.fixture
def shop(tmp_path, monkeypatch) -> Path:
    """A small configuration in the current folder."""
    (tmp_path / "techrun.yaml").write_text(SHOP)
    (tmp_path / "journeys.yaml").write_text(JOURNEYS)
    (tmp_path / "articles.csv").write_text("sku,name\n0012,Drill\n0013,Saw\n")
    (tmp_path / "prices.yaml").write_text("{low: 1.10, high: 007}\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KEY", "k3y-of-acme")
    monkeypatch.setenv("PASS", "pa55-of-acme")
    monkeypatch.delenv("OTHER", raising=False)
    monkeypatch.setattr(bundles, "_EMBEDDED", [])
    return tmp_path


def shape(value: Any) -> Any:
    """A plan as plain values that can be compared: what is compiled counts by its source."""
    if dataclasses.is_dataclass(value):
        return {
            field.name: shape(getattr(value, field.name))
            for field in dataclasses.fields(value)
            if not callable(getattr(value, field.name))
        }
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [shape(item) for item in value]
    if isinstance(value, int | float):
        return (isinstance(value, bool), value, text_of(value))
    if isinstance(value, str | bytes | frozenset | None):
        return value
    slots = [name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ())]
    parts = vars(value) if hasattr(value, "__dict__") else {name: getattr(value, name) for name in slots}
    return (type(value).__name__, {name: shape(part) for name, part in parts.items() if not callable(part)})


def as_configured(loaded: loading.Loaded, shop: str, name: str) -> Plan:
    """The plan as the probes have it."""
    found = next(each for each in loaded.settings.shops if each.name == shop)
    document = loaded.settings.documents[name]
    assert isinstance(document, Journey)
    return compile_journey(
        document,
        found.constants,
        loaded.settings.documents,
        found.locale,
        base_url=found.shop.url,
        user_agent=loaded.settings.user_agent,
        signing_key=found.constants["synthetic"].get("signing_key") or "",
    )


def carried(bundle: Bundle, given: dict[str, str] | None = None) -> Bundle:
    """The bundle as another process reads it, which knows no secret but from its environment."""
    return dataclasses.replace(Bundle.from_json(bundle.to_json()), given=given or {})


EXAMPLES = {
    "demo": ROOT / "checks" / "demo",
    "oscar": ROOT / "tests" / "shops" / "oscar",
    "agency": ROOT / "tests" / "golden" / "agency",
    **{path.stem: path for path in sorted(shipped_checks().glob("platforms/*.yaml"))},
}
PACKED = """\
shop: example
url: https://www.shop.example
use: [{pack}]
with: {parameters}
synthetic: {{email: probe@ops.example, articles: [PROBE-1, 0042]}}
"""
PARAMETERS = {"oscar": "{search_words: vest, staff: staff@shop.example}"}


@pytest.mark.parametrize("example", EXAMPLES)
def test_a_plan_is_the_same_as_the_probes(example, tmp_path, monkeypatch) -> None:
    path = EXAMPLES[example]
    texts = "".join(each.read_text() for each in ([path] if path.is_file() else path.rglob("*.yaml")))
    texts += "".join(each.read_text() for each in shipped_checks().glob("platforms/*.yaml"))
    for name in re.findall(r"\$\{secret\.(\w+)\}", texts):
        monkeypatch.setenv(name, f"https://secret.example/of-{name}")
    monkeypatch.setenv("OSCAR_URL", "http://127.0.0.1:8000")
    if path.is_file():
        parameters = PARAMETERS.get(path.stem, "{search_words: drill}")
        (tmp_path / "techrun.yaml").write_text(PACKED.format(pack=path.stem, parameters=parameters))
        path = tmp_path
    loaded = loading.load(path)
    compared = 0
    for shop in loaded.settings.shops:
        bundle = carried(bundle_of(loaded.settings, shop.name))
        for name in bundle.journeys:
            wanted, found = (
                as_configured(loaded, shop.name, name),
                bundle.plan_with_budgets(name, shop.shop.url),
            )
            left_out = dataclasses.replace(wanted, constants=_only(wanted.constants, found.constants))
            assert shape(found) == shape(left_out)
            compared += 1
    assert compared


def _only(wanted: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """The constants that the bundle has, and of `env`, `secret` and `synthetic` what it has of them."""
    parts = {key: wanted[key] for key in found}
    for root in ("env", "secret", "synthetic"):
        parts[root] = {key: wanted[root][key] for key in found[root]}
    return parts


def test_numbers_keep_how_they_were_written(shop) -> None:
    plan = carried(bundle_of(read(Path()), "acme")).plan("acme-buy", "https://www.acme.example")
    query = plan.steps[0].payload.query
    assert query is not None
    assert {key: text_of(value) for key, value in query.render({}).items()} == {
        "zip": "01234", "share": "1.10", "on": "on", "none": "",
    }  # fmt: skip
    assert [row["sku"] for row in plan.tables["article"]] == ["0012", "0013"]
    assert text_of(plan.tables["price"][0]["high"]) == "007"


def test_no_value_of_a_secret_is_carried_and_each_is_filled_in_where_it_runs(shop) -> None:
    bundle = bundle_of(read(Path()), "acme")
    assert "k3y-of-acme" not in bundle.to_json()
    assert "k3y-of-acme" not in repr(bundle)
    plan = carried(bundle).plan("acme-buy", "https://www.acme.example")
    assert plan.signing_key == b"k3y-of-acme"
    assert plan.constants["secret"] == {"KEY": "k3y-of-acme", "PASS": "pa55-of-acme"}


def test_only_the_secrets_of_the_journey_that_runs_are_needed(shop, monkeypatch) -> None:
    bundle = carried(bundle_of(read(Path()), "acme"))
    monkeypatch.delenv("PASS")
    with pytest.raises(ConfigError, match="the secret PASS is not set; the journey acme-buy needs it"):
        bundle.plan("acme-buy", "https://www.acme.example")
    with pytest.raises(ConfigError, match="the secret OTHER is not set; the journey other needs it"):
        bundle.plan("other", "https://www.acme.example")
    monkeypatch.setenv("OTHER", "known-now")
    assert bundle.plan("other", "https://www.acme.example").constants["secret"] == {"OTHER": "known-now"}


def test_a_secret_that_was_missing_when_the_bundle_was_made_is_filled_in_later(shop, monkeypatch) -> None:
    """Also where a constant was made of it."""
    monkeypatch.delenv("KEY")
    bundle = carried(bundle_of(read(Path()), "acme"))
    assert bundle.secrets(read(Path())) == {"PASS": "pa55-of-acme"}
    monkeypatch.setenv("KEY", "set-in-time")
    assert bundle.plan("acme-buy", "https://www.acme.example").signing_key == b"set-in-time"


def test_the_process_that_read_the_configuration_knows_its_file_of_secrets(shop, monkeypatch) -> None:
    monkeypatch.delenv("KEY")
    (shop / "techrun.yaml").write_text(f"{SHOP}secrets: secrets.yaml\n")
    (shop / "secrets.yaml").write_text("KEY: from-the-file\n")
    settings = read(Path())
    bundle = bundle_of(settings, "acme")
    assert bundle.plan("acme-buy", "https://www.acme.example").signing_key == b"from-the-file"
    assert bundle.secrets(settings) == {"KEY": "from-the-file", "PASS": "pa55-of-acme"}


def test_what_is_filled_in_is_redacted_from_then_on(shop) -> None:
    bundle = carried(bundle_of(read(Path()), "acme"))
    bundle.plan("acme-buy", "https://www.acme.example")
    assert bundle.redactor("key k3y-of-acme") == "key ***"


def test_another_host_is_loaded_in_place_of_the_shops_own(shop) -> None:
    """No template may lead back to production."""
    plan = carried(bundle_of(read(Path()), "acme")).plan("buy", "http://127.0.0.1:8080")
    assert plan.base_url == "http://127.0.0.1:8080"
    known = plan.constants["shop"]
    assert (known["url"], known["host"], known["port"]) == ("http://127.0.0.1:8080", "127.0.0.1", 8080)
    assert plan.constants["page"] == "http://127.0.0.1:8080/probe"
    assert "www.acme.example" not in str(plan.constants)


def test_under_load_nothing_fails_by_its_budget(tmp_path, monkeypatch) -> None:
    bundle = bundle_of(read(ROOT / "checks" / "demo"), "demo")
    name = next(each for each in bundle.journeys if _budgets(bundle.plan_with_budgets(each, bundle.url)))
    assert _budgets(bundle.plan(name, bundle.url)) == []


def _budgets(plan: Plan) -> list[Any]:
    found = [plan.budget, *(step.budget for step in (*plan.steps, *plan.cleanup))]
    return [each for each in found if each is not None]


def test_the_rest_of_the_shop_comes_along(shop) -> None:
    bundle = carried(bundle_of(read(Path()), "acme"))
    assert bundle.user_agent.endswith(" acme-probe")
    assert bundle.earnings is not None
    assert bundle.earnings.orders_per_hour == (12.0,)
    assert bundle.name_of("buy") == "acme-buy"
    assert bundle.name_of("sell") is None
    assert bundle.settings.max_rate == 1.5
    assert bundle.settings.of("checkout").measure == 5400
    assert [each.limit for each in bundle.settings.criteria] == [0.8, 0.005, 0.9]
    assert bundle.load == {
        "hosts": ["staging.acme.example"],
        "max_rate": "1.5/s",
        "journeys": {"buy": "acme-buy"},
        "criteria": [{"p95": "800ms", "over": "30s"}, {"errors": "0.5%"}, {"apdex": 0.9, "at": "500ms"}],
        "scenarios": {"checkout": {"rate": "5/s", "ramp": "0ms", "measure": "1h30m", "allow_orders": True}},
    }


def test_certificates_to_trust_come_along(shop) -> None:
    (shop / "ca.pem").write_text("-----BEGIN CERTIFICATE-----\n")
    (shop / "techrun.yaml").write_text(SHOP.replace("fetch: {", "fetch: {ca_file: ca.pem, "))
    assert carried(bundle_of(read(Path()), "acme")).authorities.startswith("-----BEGIN")


def test_a_journey_that_is_not_there_is_told(shop) -> None:
    with pytest.raises(UsageError, match='the shop acme has no journey acme-buj; did you mean "acme-buy"'):
        bundle_of(read(Path()), "acme").plan("acme-buj", "https://www.acme.example")


def test_narrowed_to_a_journey_it_holds_only_what_that_needs(shop) -> None:
    bundle = bundle_of(read(Path()), "acme")
    narrow = bundle.narrowed(["buy"])
    assert sorted(narrow.documents) == ["acme-buy", "login"]
    assert bundle.secret_names == ("KEY", "OTHER", "PASS")
    assert narrow.secret_names == ("KEY", "PASS")
    narrow.plan("buy", "https://www.acme.example")


def test_the_hash_of_a_journey_changes_with_it_its_fragments_and_its_data(shop) -> None:
    def hashes() -> tuple[str, str]:
        bundle = bundle_of(read(Path()), "acme")
        return bundle.journeys_hash(["buy"]), bundle.journeys_hash(["other"])

    seen = [hashes()]
    for file, old, new in (
        ("journeys.yaml", "Welcome", "Hello"),
        ("journeys.yaml", "{text: Hi}}\n---\njourney: other", "{text: Ho}}\n---\njourney: other"),
        ("articles.csv", "Saw", "Axe"),
    ):
        path = shop / file
        path.write_text(path.read_text().replace(old, new))
        seen.append(hashes())
    assert len({buy for buy, _ in seen}) == 4
    assert len({other for _, other in seen}) == 1


def test_a_secret_in_another_spelling_is_refused() -> None:
    """No reference can stand for it."""
    packer = Packer({"KEY": "k3y-of-acme"})
    with pytest.raises(ConfigError, match=r"the shop\.words holds a secret in another spelling"):
        packer.pack({"words": "Basic azN5LW9mLWFjbWU="}, "the shop")
    assert packer.pack({"words": "K3Y-OF-ACME is no secret"}, "the shop")


def test_without_an_embedded_bundle_the_configuration_is_read(shop, monkeypatch) -> None:
    assert current().shop == "acme"
    monkeypatch.setenv("TECHRUN_CONFIG", str(shop / "techrun.yaml"))
    monkeypatch.chdir("/")
    assert current().shop == "acme"
    monkeypatch.setenv("TECHRUN_SHOP", "acne")
    with pytest.raises(UsageError, match='no shop is called "acne"; did you mean "acme"'):
        current()


def test_of_several_shops_one_must_be_named(shop, monkeypatch) -> None:
    (shop / "techrun.yaml").write_text("shops: '*-shop.yaml'\n")
    for name in ("one", "two"):
        (shop / f"{name}-shop.yaml").write_text(f"shop: {name}\nurl: https://{name}.example\n")
    with pytest.raises(
        UsageError, match=r"several shops \(one, two\): say which one by --shop, or by TECHRUN_SHOP"
    ):
        current()
    monkeypatch.setenv("TECHRUN_SHOP", "two")
    assert current().shop == "two"


def test_an_embedded_bundle_comes_before_any_configuration(shop, monkeypatch) -> None:
    bundles.embedded(bundle_of(read(Path()), "acme").to_json())
    monkeypatch.setenv("TECHRUN_CONFIG", "/nowhere.yaml")
    assert current().shop == "acme"


def test_a_bundle_of_another_version_says_what_to_do(shop) -> None:
    old = {**json.loads(bundle_of(read(Path()), "acme").to_json()), "version": 0}
    with pytest.raises(UsageError, match=r"another version of techrun .* export the scenario again"):
        Bundle.from_json(json.dumps(old))


def test_a_load_test_needs_no_secret_that_only_others_need(shop, monkeypatch) -> None:
    """A pipeline does not know the pager's address."""
    (shop / "techrun.yaml").write_text(f'{SHOP}channels: {{oncall: {{url: "${{secret.PAGER}}"}}}}\n')
    monkeypatch.delenv("PAGER", raising=False)
    assert loading.load(Path(), SecretsIfSet({"KEY": "k3y-of-acme", "PASS": "pa55"})).shops


SECRETS = {"TOKEN": "t0ken-of-acme", "PIN": "4711", "WORD": "$text"}
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.text(),
    st.sampled_from(["t0ken-of-acme", "Bearer t0ken-of-acme!", "4711", "$text", "$number", "'''"]),
    st.builds(
        lambda number, zeros: IntText(number, "0" * zeros + str(number)), st.integers(0), st.integers(0, 3)
    ),
    st.builds(lambda number: IntText(number, hex(number)), st.integers(0)),
    st.floats(allow_nan=False).map(lambda number: FloatText(number, repr(number))),
    st.builds(lambda number: FloatText(float(f"{number}.10"), f"{number}.10"), st.integers(0, 10**6)),
)
KEYS = st.one_of(st.text(), st.sampled_from(["$number", "$text", "$map", "t0ken-of-acme"]))
VALUES = st.recursive(
    LEAVES, lambda inner: st.one_of(st.lists(inner), st.dictionaries(KEYS, inner)), max_leaves=20
)


@given(VALUES)
def test_every_value_survives_packing_without_its_secrets(value) -> None:
    packed = Packer(SECRETS).pack(value, "it")
    text = pretty(packed)
    assert "t0ken-of-acme" not in text
    assert shape(unpack(json.loads(text), SECRETS.__getitem__)) == shape(value)
