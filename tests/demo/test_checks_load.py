"""Every definition that ships loads, without a single mistake, as a user would take it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from techrun.app.loading import load
from techrun.config.files import shipped_checks
from techrun.errors import ConfigError
from techrun.probes import kinds

CHECKS = shipped_checks()
FILES = sorted(path.relative_to(CHECKS).as_posix() for path in CHECKS.rglob("*.yaml"))
PARAMETERS = {
    "magento2": "{search_words: drill}",
    "oscar": "{search_words: vest, staff: staff@shop.example}",
    "prestashop": "{search_words: drill}",
    "woocommerce": "{search_words: drill}",
}
SHOP = """
version: 1
shop: example
client: acme
url: https://www.shop.example
synthetic: {{email: probe@ops.example, articles: [PROBE-1]}}
{rest}
"""


def environment(*files: Path) -> dict[str, str]:
    """A value for every secret that the files name."""
    text = "".join(path.read_text() for path in files)
    return {name: f"secret of {name}" for name in re.findall(r"\$\{secret\.(\w+)\}", text)}


def packs() -> list[str]:
    return [path.stem for path in sorted(CHECKS.rglob("*.yaml")) if "\npack: " in "\n" + path.read_text()]


def loaded(folder: Path, rest: str, environ: dict[str, str]):
    (folder / "techrun.yaml").write_text(SHOP.format(rest=rest))
    return load(folder, environ)


def test_demo_has_a_check_of_every_kind_that_works_on_loopback():
    checks = load(CHECKS / "demo", {}).checks
    assert {check.kind for check in checks} == {"http", "journey", "tcp"}
    assert {check.severity for check in checks} == {"page", "ticket", "info"}
    assert len(checks) == 13


@pytest.mark.parametrize("pack", packs())
def test_pack_loads_for_a_shop_that_uses_it(pack, tmp_path):
    files = [path for path in CHECKS.rglob("*.yaml") if path.stem == pack]
    rest = f"use: [{pack}]\nwith: {PARAMETERS.get(pack, '{}')}"
    checks = loaded(tmp_path, rest, environment(*files)).checks
    assert checks, f"the pack {pack} brings no check"


@pytest.mark.parametrize("pack", sorted(PARAMETERS))
def test_platform_can_buy_and_takes_back_what_it_bought(pack, tmp_path):
    files = [path for path in CHECKS.rglob("*.yaml") if path.stem == pack]
    rest = f"use: [{pack}]\nwith: {PARAMETERS[pack]}"
    checks = {check.id.name: check for check in loaded(tmp_path, rest, environment(*files)).checks}
    assert checks["order"].places_orders
    assert not checks["checkout"].places_orders
    assert checks["order"].prepared.plan.cleanup
    assert checks["order"].severity == checks["checkout"].severity == "page"


def test_platform_says_what_the_shop_must_give_it(tmp_path):
    path = tmp_path / "techrun.yaml"
    path.write_text(
        "shop: example\nurl: https://www.shop.example\nuse: [magento2]\nwith: {search_words: drill}\n"
    )
    with pytest.raises(ConfigError) as raised:
        load(path, {"MAGENTO_TOKEN": "a token"})
    assert {problem.hint for problem in raised.value.problems} == {
        "name test articles under `synthetic:` of the shop: `articles: [PROBE-1]`",
        "write `email:` under `synthetic:` of the shop",
    }


def test_platform_brings_its_own_home_page_beside_what_every_shop_needs(tmp_path):
    files = list(CHECKS.rglob("magento2.yaml"))
    rest = f"use: [uptime, magento2]\nwith: {PARAMETERS['magento2']}"
    checks = {check.id.name: check for check in loaded(tmp_path, rest, environment(*files)).checks}
    assert {"home", "certificate", "port", "checkout"} <= set(checks)
    assert "search_mini_form" in str(checks["home"].prepared.plan.steps[0].expect)


def test_fragment_for_searching_loads_with_the_parameters_of_a_shop(tmp_path):
    use = '{step: find, use: search-and-open, with: {words: drill, results: "#results a"}}'
    (tmp_path / "journey.yaml").write_text(f"journey: visit\nsteps:\n  - {use}\n")
    include = f"include: [journey.yaml, '{CHECKS / 'journeys'}/*.yaml']"
    checks = loaded(tmp_path, f"{include}\nchecks:\n  - {{name: visit, journey: visit}}", {}).checks
    assert checks[0].steps == ("find/search", "find/open")


def test_every_kind_is_shown_in_what_ships(tmp_path):
    uptime = loaded(tmp_path, "use: [uptime, seo]", {}).checks
    shown = {check.kind for check in (*uptime, *load(CHECKS / "demo", {}).checks)}
    assert shown == set(kinds())


@pytest.mark.parametrize("name", ["first", "example"])
def test_the_examples_of_the_readme_load_and_a_failing_home_page_reaches_a_person(name):
    checks = load(CHECKS / f"{name}.yaml", {"PAGER_URL": "json://127.0.0.1/"}).checks
    assert {check.kind for check in checks} == {"http", "tcp", "tls", "dns"}
    (home,) = (check for check in checks if check.id.name == "home")
    assert (home.severity, home.notify) == ("page", ("oncall",))


def test_every_file_is_reached_by_a_test_of_this_module():
    known = [
        r"(first|example)\.yaml",
        r"demo/techrun\.yaml",
        r"demo/secrets\.yaml",
        r"demo/journeys/.*",
        r"journeys/search\.yaml",
    ]
    known += [rf"(platforms/)?{pack}\.yaml" for pack in packs()]
    assert [file for file in FILES if not any(re.fullmatch(one, file) for one in known)] == []
