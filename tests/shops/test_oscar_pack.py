"""The pack that ships for django-oscar walks through a real one, up to the address."""

from __future__ import annotations

import pytest

from techrun.app.loading import load
from techrun.app.once import Wish, run_checks
from techrun.model import Status

pytestmark = pytest.mark.timeout(180)
SHOP = """
shop: toolshed
url: {url}
locale: en-GB
store: {store}
synthetic: {{email: probe@ops.example}}
use: [oscar]
with: {{search_words: VEST-O, staff: admin@shop.example, country: DE}}
"""


@pytest.mark.parametrize("name", ["home", "checkout"])
def test_pack_for_oscar_works_at_a_real_shop(name, oscar, tmp_path):
    (tmp_path / "techrun.yaml").write_text(SHOP.format(url=oscar.url, store=tmp_path / "techrun.db"))
    loaded = load(tmp_path, {"OSCAR_STAFF_PASSWORD": "admin-password-1"})
    checks = [check for check in loaded.checks if check.id.name == name]
    (result,) = run_checks(loaded, checks, Wish())
    assert (result.outcome.status, result.outcome.step, result.outcome.message) == (Status.UP, "", "")
