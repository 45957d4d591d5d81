"""Who only wants to know what is configured needs none of its secrets."""

from __future__ import annotations

import pytest

from techrun.app.loading import load, load_without_secrets
from techrun.errors import ConfigError

FILE = """
version: 1
shop: acme-es
url: "${secret.SHOP_URL}"
secrets: secrets.yaml
channels:
  oncall: {url: "${secret.PAGER_URL}"}
heartbeat: {url: "${secret.HEARTBEAT_URL}"}
web: {tokens: {operate: ["${secret.TOKEN}"]}}
synthetic: {signing_key: "${secret.KEY}"}
checks:
  - {name: home, http: "/?key=${secret.KEY}"}
"""


@pytest.fixture
def path(tmp_path, monkeypatch):
    for name in ("SHOP_URL", "PAGER_URL", "HEARTBEAT_URL", "TOKEN", "KEY"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "techrun.yaml").write_text(FILE)
    return tmp_path / "techrun.yaml"


def test_secrets_that_are_not_set_are_made_up(path):
    assert [str(check.id) for check in load_without_secrets(path).checks] == ["acme-es/home"]


@pytest.mark.parametrize("value", ["x", ""], ids=["too short", "empty"])
def test_secrets_that_cannot_be_used_are_made_up_too(path, monkeypatch, value):
    monkeypatch.setenv("KEY", value)
    monkeypatch.setenv("TOKEN_FILE", "/nowhere")
    assert load_without_secrets(path).checks


def test_secrets_that_are_set_are_used(path, monkeypatch):
    monkeypatch.setenv("SHOP_URL", "https://www.acme.es")
    assert load_without_secrets(path).shops[0].url == "https://www.acme.es"


def test_whoever_runs_checks_is_told_of_every_secret_that_is_missing(path):
    with pytest.raises(ConfigError) as wrong:
        load(path)
    for name in ("SHOP_URL", "PAGER_URL", "HEARTBEAT_URL", "TOKEN", "KEY"):
        assert name in str(wrong.value)


def test_every_other_mistake_is_told_as_ever(path):
    path.write_text(FILE.replace("/?key=${secret.KEY}", "/${env.NOT_SET_ANYWHERE}"))
    with pytest.raises(ConfigError, match="NOT_SET_ANYWHERE"):
        load_without_secrets(path)
