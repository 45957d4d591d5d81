"""What `techrun validate` says beyond the mistakes that loading finds."""

from __future__ import annotations

from pathlib import Path

import pytest

from techrun.app.loading import load
from techrun.app.parts import check_channels
from techrun.config.problems import render
from techrun.errors import ConfigError

WRITTEN = """
shop: acme
url: http://127.0.0.1
channels:
  good: {url: "json://127.0.0.1:9/x"}
  bad: {url: "jsom://user:hunter2secret@127.0.0.1/x"}
"""


def test_a_channel_that_apprise_does_not_know_is_named_without_its_secrets(tmp_path: Path) -> None:
    (tmp_path / "techrun.yaml").write_text(WRITTEN)
    with pytest.raises(ConfigError) as raised:
        check_channels(load(tmp_path).settings)
    told = render(raised.value.problems)
    assert "techrun.yaml:6:14  the channel bad cannot be used" in told
    assert "https://appriseit.com/services/" in told
    assert "good" not in told
    assert "hunter2secret" not in told
