"""The reference of the configuration is complete: every key has its row, every sample is right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic.fields import FieldInfo

from techrun.app.loading import DOCUMENTS, spec_types
from techrun.config import load_all
from techrun.config.alerting import (
    Alerting,
    GroupWait,
    Heartbeat,
    Match,
    Owner,
    Remind,
    Route,
    Storm,
    Tokens,
    Web,
)
from techrun.config.calendar import Calendar, Recurring
from techrun.config.checks import SETTINGS
from techrun.config.explain import fields_of
from techrun.config.load import Criterion, LoadSettings, ScenarioSettings
from techrun.config.models import (
    ChannelFile,
    CheckKeys,
    ConfirmationSettings,
    FetchSettings,
    Impact,
    MainFile,
    Notify,
    Orders,
    PackFile,
    Retention,
    ShopFile,
    Synthetic,
)
from techrun.config.releases import (
    BakeSettings,
    GateSettings,
    Grafana,
    IdentitySettings,
    JudgeSettings,
    PrometheusSource,
    Query,
    Releases,
    SmokeEntry,
    VersionSource,
    Webhook,
)
from techrun.language.definition import Definition
from techrun.language.durations import show as duration

TEXT = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text()
SECTIONS = {
    "techrun.yaml": MainFile,
    "channels": ChannelFile,
    "owner": Owner,
    "alerting": Alerting,
    "group_wait": GroupWait,
    "remind": Remind,
    "storm": Storm,
    "routes": Route,
    "match": Match,
    "heartbeat": Heartbeat,
    "web": Web,
    "tokens": Tokens,
    "fetch": FetchSettings,
    "retention": Retention,
    "A shop": ShopFile,
    "synthetic": Synthetic,
    "orders": Orders,
    "impact": Impact,
    "notify": Notify,
    "releases": Releases,
    "version and commit": VersionSource,
    "identity": IdentitySettings,
    "smoke": SmokeEntry,
    "bake": BakeSettings,
    "judge": JudgeSettings,
    "prometheus": PrometheusSource,
    "queries": Query,
    "gate": GateSettings,
    "webhooks": Webhook,
    "grafana": Grafana,
    "load": LoadSettings,
    "scenarios": ScenarioSettings,
    "criteria": Criterion,
    "A check": CheckKeys,
    "confirmation": ConfirmationSettings,
    "Calendar": Calendar,
    "Windows": Recurring,
    "Packs": PackFile,
}


def section(title: str) -> str:
    """The text below a heading, up to the next one."""
    found = re.search(rf"^##+ {re.escape(title)}\n(.*?)(?=^##|\Z)", TEXT, re.DOTALL | re.MULTILINE)
    return found.group(1) if found else ""


@pytest.mark.parametrize(("title", "model"), SECTIONS.items(), ids=SECTIONS)
def test_every_key_has_a_row_and_every_row_a_key(title: str, model: type[Definition]) -> None:
    rows = re.findall(r"^\| `([a-z0-9_]+)` \|", section(title), re.MULTILINE)
    assert rows == list(dict.fromkeys(rows))
    assert set(rows) == set(fields_of(model))


def test_every_key_of_every_kind_has_a_row() -> None:
    rows = re.findall(r"^\| ([a-z]+) \| `([a-z_]+)` \|", section("Kinds"), re.MULTILINE)
    assert set(rows) == {(kind, key) for kind, spec in spec_types().items() for key in fields_of(spec)}


SAMPLES = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)


def test_the_samples_are_right(tmp_path: Path) -> None:
    first, alerting, routes, impact, releases, load, checks, calendar, pack = SAMPLES
    named = sorted({*re.findall(r"\b[a-z0-9]+-desk\b|second-on-call|boss", alerting + routes)})
    channels = "".join(f"  {name}: {{url: json://desk.example}}\n" for name in named)
    head = "shop: acme-es\nurl: https://www.acme.example\nclient: acme\ntags: [b2b]\n"
    more = "".join(f"  - {{name: {name}, http: /{name}}}\n" for name in ("home", "stock", "logo"))
    journey = "---\njourney: guest-checkout\nsteps: [{step: home, get: /, expect: {status: 200}}]\n"
    shop = (
        f"{head}use: [search]\nwith: {{search_words: drill}}\ncalendar: calendar.yaml\n"
        f"channels:\n{channels}{alerting}{routes}{impact}{releases}{load}{checks}{more}---\n{pack}{journey}"
    )
    (tmp_path / "calendar.yaml").write_text(calendar)
    for index, text in enumerate((first, shop)):
        path = tmp_path / f"sample{index}.yaml"
        path.write_text(text)
        settings, problems = load_all(
            path, spec_types(), DOCUMENTS, environ={"PAGER_URL": "json://pager.example"}
        )
        assert [problem.what for problem in problems] == []
        assert settings is not None
        assert settings.checks


def shown(info: FieldInfo) -> str:
    """A built-in default as the reference writes it."""
    default = info.default
    if any("%" in str(one) for one in info.metadata):
        return f"`{default:.0%}`"
    if info.annotation is float and not any("1h30m" in str(one) for one in info.metadata):
        return f"`{default:g}`"
    if isinstance(default, float):
        return f"`{duration(default)}`"
    return "`2MB`" if default == 2 * 1024 * 1024 else f"`{default}`"


@pytest.mark.parametrize(("title", "model"), SECTIONS.items(), ids=SECTIONS)
def test_a_row_states_the_default_that_is_built_in(title: str, model: type[Definition]) -> None:
    stated = dict(re.findall(r"^\| `([a-z0-9_]+)` \|.*\| ([^|]*) \|$", section(title), re.MULTILINE))
    for name, info in model.model_fields.items():
        if isinstance(info.default, str | int | float) and info.default != "":
            assert stated[info.alias or name].strip() == shown(info)


def test_no_kind_takes_a_key_that_every_check_has() -> None:
    """The check's own meaning would win, and the kind would never see the value."""
    shared = {
        (kind, key) for kind, spec in spec_types().items() for key in fields_of(spec) if key in SETTINGS
    }
    assert shared == set()
