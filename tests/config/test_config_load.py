"""What a configuration means: layers of settings, packs, combinations, secrets, places."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from techrun.config import Settings
from techrun.errors import Problem
from techrun.model import Confirmation

HEAD = "shop: acme\nurl: https://www.acme.example\n"
Load = Callable[..., Settings]
Find = Callable[..., list[Problem]]

DESIGN_SHOP = """
version: 1
shop: acme-es
client: acme
env: production
url: https://www.acme.es
locale: es-ES
timezone: Europe/Madrid
use: [magento]
with: {search_words: "taladro"}
labels: {team: blue}
owner: shop-ops
runbook: https://wiki.example/acme
rollback: "dep rollback production"
nodes: [203.0.113.11, 203.0.113.12]
synthetic: {email: "probe+acme@ops.example", articles: [PROBE-1, 0042], signing_key: "${secret.KEY}"}
orders: {max_per_day: 12}
impact: {orders_per_hour: 120, average_order: 85 EUR}
notify: {page: [oncall], ticket: [slack]}
checks:
  - {name: home, http: /, every: 30s, severity: page, slo: 99.9%}
  - {name: port, tcp: "${shop.host}:443", every: 1h, severity: ticket}
  - {name: checkout, journey: guest, until: offers, depends_on: [home]}
  - name: categories
    http: /${lang}/${category}
    for_each: {lang: [es, ca], category: [herramientas, epi]}
    every: 5m
releases: {smoke: [guest], version: {url: /release.json, json: $.commit}}
"""
DESIGN_MAIN = """
shops: shops/*.yaml
include: [checks/*.yaml]
channels:
  oncall: {url: "json://pager.example/${secret.KEY}"}
  slack: {url: "json://slack.example"}
witness: [https://www.wikipedia.org]
calendar: calendar.yaml
"""
DESIGN_PACK = """
pack: magento
parameters: {search_words: {required: true}, rest: {default: "/rest/${shop.client}"}}
defaults: {every: 2m}
checks:
  - {name: search, http: "/s?q=${search_words}"}
---
journey: guest
deadline: 12s
steps: []
"""


@pytest.fixture
def design(settings: Load) -> Settings:
    """The configuration of the design, loaded."""
    return settings(
        DESIGN_MAIN,
        {"KEY": "key-of-the-probe"},
        shops__acme=DESIGN_SHOP,
        checks__magento=DESIGN_PACK,
        calendar="freezes: []\n",
    )


def test_a_whole_configuration_is_read(design: Settings) -> None:
    shop = design.shops[0]
    assert (shop.name, shop.shop.client, shop.shop.platform, shop.locale) == (
        "acme-es",
        "acme",
        "magento",
        "es-ES",
    )
    assert shop.shop.orders_per_day == 12
    assert [check.name for check in shop.checks] == [
        "search",
        "home",
        "port",
        "checkout",
        "categories/es-herramientas",
        "categories/es-epi",
        "categories/ca-herramientas",
        "categories/ca-epi",
    ]
    assert list(design.documents) == ["guest"]
    assert (design.host, design.port, design.location) == ("127.0.0.1", 9789, "local")
    assert design.calendar.freezes == ()
    assert {path.name for path in design.files} == {
        "techrun.yaml",
        "acme.yaml",
        "magento.yaml",
        "calendar.yaml",
    }


def by_name(loaded: Settings, name: str) -> Any:
    return next(check for check in loaded.checks if check.name == name)


def test_templates_may_name_the_shop_the_test_customer_and_the_parameters(design: Settings) -> None:
    constants = by_name(design, "categories/ca-epi").constants
    assert constants["shop"]["host"] == "www.acme.es"
    assert constants["shop"]["port"] == 443
    assert constants["synthetic"]["articles"] == ["PROBE-1", "0042"]
    assert constants["search_words"] == "taladro"
    assert constants["rest"] == "/rest/acme"
    assert (constants["lang"], constants["category"]) == ("ca", "epi")
    assert constants["secret"] == {"KEY": "key-of-the-probe"}


def test_a_kind_that_compiles_its_own_templates_gets_them_as_written(design: Settings) -> None:
    assert by_name(design, "categories/es-epi").spec.http == "/${lang}/${category}"


def test_the_templates_of_any_other_kind_are_filled_in(design: Settings) -> None:
    assert by_name(design, "port").spec.tcp == "www.acme.es:443"


def test_a_combination_is_a_label_of_its_check(design: Settings) -> None:
    assert by_name(design, "categories/es-epi").labels == {"team": "blue", "lang": "es", "category": "epi"}


def test_the_channels_of_a_check_are_those_of_its_severity(design: Settings) -> None:
    assert by_name(design, "home").notify == ("oncall",)
    assert by_name(design, "port").notify == ("slack",)


def test_every_secret_that_was_used_is_redacted(design: Settings) -> None:
    assert design.channels["oncall"].url.endswith("/key-of-the-probe")
    assert design.redactor("says key-of-the-probe") == "says ***"
    assert "key-of-the-probe" not in repr(design.channels)


def test_a_journeys_own_deadline_is_its_checks(design: Settings) -> None:
    assert by_name(design, "checkout").deadline == "12s"  # the test's document does not read durations
    assert by_name(design, "checkout").spec.until == "offers"


@pytest.mark.parametrize(
    ("said", "deadline"),
    [
        ("every: 5s", 5.0),
        ("every: 5m", 10.0),
    ],
    ids=["as its interval", "an answer"],
)
def test_a_run_may_take_as_long_as_its_interval_and_an_answer_ten_seconds(
    settings: Load, said: str, deadline: float
) -> None:
    loaded = settings(HEAD + f"checks: [{{name: home, http: /, {said}}}]\n")
    assert loaded.checks[0].deadline == deadline


LAYERS = {
    "main": "defaults: {every: 11m, deadline: 11s, severity: info}\n",
    "shop": "defaults: {every: 12m, deadline: 12s}\n",
    "pack": "defaults: {every: 13m, confirmation: {fail_after: 3}}\n",
}


@pytest.fixture
def layered(settings: Load) -> Settings:
    """A check of a shop and one of a pack, with defaults everywhere."""
    return settings(
        "shops: shop.yaml\ninclude: pack.yaml\n" + LAYERS["main"],
        shop=HEAD + "use: [more]\n" + LAYERS["shop"] + "checks: [{name: own, http: /, every: 14m}]\n",
        pack="pack: more\n" + LAYERS["pack"] + "checks: [{name: packed, http: /}]\n",
    )


def test_the_nearest_layer_decides(layered: Settings) -> None:
    own, packed = by_name(layered, "own"), by_name(layered, "packed")
    assert (own.every, own.deadline, own.severity) == (840.0, 12.0, "info")
    assert (packed.every, packed.deadline, packed.severity) == (720.0, 12.0, "info")
    assert (own.confirmation, packed.confirmation) == (Confirmation(), Confirmation(fail_after=3))


def test_each_setting_knows_the_line_it_comes_from(layered: Settings) -> None:
    sources = by_name(layered, "packed").sources
    assert str(sources["every"]) == "shop.yaml:4:19"
    assert str(sources["severity"]) == "techrun.yaml:3:49"
    assert str(sources["confirmation"]) == "pack.yaml:2:38"
    assert sources["notify"].file == "default"


@pytest.mark.parametrize(
    ("written", "severity"),
    [
        ("{name: home, http: /}", "page"),
        ("{name: buy, journey: guest}", "page"),
        ("{name: cart, http: /cart}", "ticket"),
        ("{name: cart, http: /cart, severity: page}", "page"),
        ("{name: buy, journey: guest, severity: info}", "info"),
    ],
)
def test_only_the_home_page_and_journeys_page_unless_told_otherwise(
    settings: Load, written: str, severity: str
) -> None:
    loaded = settings(HEAD + f"checks:\n  - {written}\n---\njourney: guest\n")
    assert loaded.checks[0].severity == severity


def test_nothing_pages_outside_of_production(settings: Load) -> None:
    loaded = settings(HEAD + "env: staging\nchecks: [{name: home, http: /, severity: page}]\n")
    assert loaded.checks[0].severity == "ticket"
    assert str(loaded.checks[0].sources["severity"]) == "techrun.yaml:3:6"


def test_a_check_of_the_shop_replaces_the_packs_of_the_same_name(settings: Load) -> None:
    loaded = settings(
        HEAD
        + "use: [more]\nchecks: [{name: home, http: /es}]\n---\npack: more\nchecks: [{name: home, http: /}]\n"
    )
    assert [check.spec.http for check in loaded.checks] == ["/es"]


def test_labels_and_tags_of_all_layers_come_together(settings: Load) -> None:
    loaded = settings(
        HEAD
        + "labels: {team: blue, tier: 1}\ntags: [b2c]\n"
        + "checks: [{name: home, http: /, labels: {team: red}, tags: [front]}]\n"
    )
    assert loaded.checks[0].labels == {"team": "red", "tier": "1"}
    assert loaded.checks[0].tags == ("b2c", "front")


def test_depends_on_a_family_means_all_its_combinations(settings: Load) -> None:
    loaded = settings(
        HEAD
        + "checks:\n  - {name: lang, http: /, for_each: {lang: [es, ca]}}\n"
        + "  - {name: home, http: /, depends_on: [lang]}\n"
    )
    assert by_name(loaded, "home").depends_on == ("lang/es", "lang/ca")


def test_values_of_a_combination_may_come_from_a_parameter(settings: Load) -> None:
    loaded = settings(
        HEAD
        + "use: [more]\nwith: {langs: [es, 'Català']}\n---\npack: more\nparameters: {langs: {required: true}}\n"
        + 'checks: [{name: home, http: "/${lang}", for_each: {lang: "${langs}"}}]\n'
    )
    assert [check.name for check in loaded.checks] == ["home/es", "home/catal"]
    assert loaded.checks[1].labels == {"lang": "Català"}


SIGNED = (
    HEAD
    + 'secrets: secrets.yaml\nsynthetic: {signing_key: "${secret.KEY}"}\nchecks: [{name: home, http: /}]\n'
)


def key_of(loaded: Settings) -> str:
    return loaded.shops[0].constants["synthetic"]["signing_key"]


@pytest.mark.parametrize(
    ("environ", "key"),
    [
        ({"KEY": "from-the-environment", "KEY_FILE": "key.txt"}, "from-the-environment"),
        ({"KEY_FILE": "key.txt"}, "from-its-own-file"),
        ({}, "from-the-file-of-secrets"),
    ],
    ids=["environment", "file named by the environment", "file of secrets"],
)
def test_where_a_secret_comes_from(settings: Load, environ: dict[str, str], key: str) -> None:
    files = {"secrets": "KEY: from-the-file-of-secrets\n", "key.txt": "from-its-own-file\n"}
    assert key_of(settings(SIGNED, environ, **files)) == key


def test_a_secret_that_nobody_uses_is_redacted_as_well(settings: Load) -> None:
    loaded = settings(SIGNED, secrets="KEY: the-key-itself\nOTHER: another-secret\n")
    assert loaded.redactor("another-secret") == "***"


def test_a_secret_in_a_problem_is_redacted(problems: Find) -> None:
    found = problems(
        HEAD.replace("https://www.acme.example", '"${secret.KEY}"') + "checks: []\n", {"KEY": "s3cret-value"}
    )
    assert "s3cret-value" not in str(found)
    assert found


def test_the_lines_of_a_file_of_secrets_are_never_quoted(problems: Find) -> None:
    found = problems(SIGNED, secrets='KEY: the-key-itself\nSHORT: abc\nLIST: [s3cret-value]\n"open\n')
    assert found
    assert "abc" not in str(found)
    assert "s3cret" not in str(found)


def test_a_variable_of_the_environment_may_have_a_default(settings: Load) -> None:
    text = HEAD.replace("https://www.acme.example", "${env.URL:-http://127.0.0.1:9780}") + "checks: []\n"
    assert settings(text).shops[0].shop.url == "http://127.0.0.1:9780"
    assert settings(text, {"URL": "https://shop.example"}).shops[0].shop.url == "https://shop.example"


def test_a_host_in_letters_of_its_language_is_known_to_dns(settings: Load) -> None:
    shop = settings(HEAD.replace("www.acme", "bücher") + "checks: []\n").shops[0]
    assert shop.constants["shop"]["host"] == "xn--bcher-kva.example"


def test_paths_start_from_the_file_that_names_them(write: Callable[..., None], tmp_path: Path) -> None:
    from techrun.config import load

    write("shops: ../shops/*.yaml\nstore: ../var/techrun.db\n")
    (tmp_path / "conf").mkdir()
    (tmp_path / "techrun.yaml").rename(tmp_path / "conf" / "techrun.yaml")
    (tmp_path / "shops").mkdir()
    (tmp_path / "shops" / "acme.yaml").write_text(HEAD)
    loaded = load(tmp_path / "conf", {}, {}, environ={})
    assert loaded.store == tmp_path / "conf" / "../var/techrun.db"
    assert [shop.name for shop in loaded.shops] == ["acme"]


def test_the_main_file_may_lie_among_the_shops(settings: Load) -> None:
    assert [shop.name for shop in settings("shops: '*.yaml'\n", acme=HEAD).shops] == ["acme"]


def test_what_is_right_is_read_though_other_things_are_wrong(write: Callable[..., None]) -> None:
    from techrun.config import load_all

    write(
        "shops: shops/*.yaml\n",
        shops__a=HEAD + "checks:\n  - {name: home, http: /}\n  - {name: port, tcpp: x}\n",
        shops__b="shop: beta\nurl: nowhere\nchecks: [{name: port, tcp: 1}]\n",
    )
    kinds = _kinds()
    loaded, found = load_all(Path(), kinds, {}, environ={})
    assert loaded is not None
    assert [str(check.id) for check in loaded.checks] == ["acme/home"]
    assert [str(problem.places[0]) for problem in found] == [
        "shops/a.yaml:5:18",
        "shops/b.yaml:2:6",
        "shops/b.yaml:3:28",
    ]


def _kinds() -> dict[str, Any]:
    from typing import ClassVar

    from techrun.language.definition import Definition

    class Http(Definition):
        templated: ClassVar[bool] = True
        http: str

    class Tcp(Definition):
        tcp: str

    return {"http": Http, "tcp": Tcp}


def test_a_mistake_in_a_pack_is_told_once_though_many_shops_use_it(problems: Find) -> None:
    found = problems(
        "shops: shops/*.yaml\ninclude: pack.yaml\n",
        pack="pack: more\nchecks: [{name: home, http: /, evry: 1m}]\n",
        **{
            f"shops__s{number}": f"shop: s{number}\nurl: https://s{number}.example\nuse: [more]\n"
            for number in range(3)
        },
    )
    assert [str(problem.places[0]) for problem in found] == ["pack.yaml:2:32"]


def test_a_file_that_cannot_be_read_makes_no_unknown_names(problems: Find) -> None:
    found = problems(
        HEAD + "include: more.yaml\nuse: [lost]\nchecks: [{name: buy, journey: guest}]\n",
        more="journey: guest\n\tsteps: []\n---\npack: lost\n",
    )
    assert [problem.what for problem in found] == ["a tab indents this line"]


def test_problems_come_in_the_order_of_the_files(problems: Find) -> None:
    found = problems(HEAD + "zone: x\nlocale: 1x\nchecks: [{name: A, http: /}]\n")
    places = [(problem.places[0].line, problem.places[0].column) for problem in found]
    assert places == sorted(places)
    assert len(places) == 3


def test_data_that_are_too_large_are_refused(tmp_path: Path) -> None:
    from techrun.app.loading import load
    from techrun.errors import ConfigError

    journey = (
        "---\njourney: buy\ndata: {a: {file: a.csv}}\nsteps: [{step: home, get: /, save: {a: {css: a}}}]\n"
    )
    (tmp_path / "techrun.yaml").write_text(HEAD + journey)
    (tmp_path / "a.csv").write_text("sku\n" + "x\n" * 1_000_001)
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, {})
    assert "is larger than 2 MB" in caught.value.problems[0].what


def test_the_packs_that_ship_are_found_by_name(tmp_path: Path) -> None:
    from techrun.app.loading import load

    (tmp_path / "techrun.yaml").write_text(HEAD + "use: [uptime]\n")
    assert "home" in [check.id.name for check in load(tmp_path, {}).checks]


def test_the_data_of_a_journey_lie_beside_its_file(tmp_path: Path) -> None:
    from techrun.app.loading import load

    (tmp_path / "journeys").mkdir()
    (tmp_path / "journeys" / "articles.csv").write_text("sku,qty\n0042,1\n")
    (tmp_path / "journeys" / "buy.yaml").write_text(
        "journey: buy\ndata: {article: {file: articles.csv}}\n"
        'steps: [{step: home, get: "/${article.sku}", save: {a: {css: a}}}]\n'
    )
    (tmp_path / "techrun.yaml").write_text(
        HEAD + "include: journeys/*.yaml\nchecks: [{name: buy, journey: buy}]\n"
    )
    journey = load(tmp_path, {}).settings.documents["buy"]
    assert journey.data["article"].rows == ({"sku": "0042", "qty": "1"},)


def test_of_very_many_problems_the_first_are_told(problems: Find) -> None:
    found = problems(HEAD + "".join(f"k{number}: 1\n" for number in range(700)))
    assert len(found) == 501
    assert found[-1].what == "200 more problems from here on"


def test_a_journey_of_the_user_replaces_the_one_that_ships(tmp_path: Path) -> None:
    from techrun.app.loading import DOCUMENTS, spec_types
    from techrun.config import load_all

    own = "journey: magento2-search\nsteps: [{step: mine, get: /, save: {a: {css: a}}}]\n"
    (tmp_path / "techrun.yaml").write_text(
        f"{HEAD}use: [magento2]\nwith: {{search_words: drill}}\n---\n{own}"
    )
    loaded, found = load_all(tmp_path, spec_types(), DOCUMENTS, environ={})
    assert found == []
    assert loaded is not None
    assert [step.step for step in loaded.documents["magento2-search"].steps] == ["mine"]
