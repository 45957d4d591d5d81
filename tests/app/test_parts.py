"""What the configuration says about requests reaches the fetcher."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from techrun.app.loading import load
from techrun.app.parts import fetch_settings
from techrun.config.models import FetchSettings
from techrun.fetch import FetchSettings as Fetched

WRITTEN = """
shop: acme
url: http://127.0.0.1
fetch:
  ca_file: trusted.pem
  proxy: http://127.0.0.1:3128
  allow: [169.254.1.0/24]
  deny: [10.0.0.0/8]
  nameservers: [192.0.2.53]
  resolve_timeout: 2s
  ip: "4"
  max_body: 500KB
  user_agent: acme-watch
"""


def test_every_key_of_fetch_takes_effect(tmp_path: Path) -> None:
    (tmp_path / "trusted.pem").touch()
    path = tmp_path / "techrun.yaml"
    path.write_text(WRITTEN)
    loaded = load(path)
    given, usual = asdict(fetch_settings(loaded.settings)), asdict(Fetched())
    changed = {name for name, value in given.items() if value != usual[name]}
    assert changed == set(FetchSettings.model_fields) - {"user_agent"}, "the user agent is the probes' matter"
