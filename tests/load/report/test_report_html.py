"""The page of a load test as markup: whole, escaped, and asking nobody for anything."""

from __future__ import annotations

import pytest

from techrun.load.report import html


def test_every_run_makes_a_page(any_run):
    run, baseline = any_run
    assert html.render(run, baseline).rstrip().endswith("</html>")
