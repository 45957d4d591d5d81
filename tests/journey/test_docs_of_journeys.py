"""The documentation of the language is current: its examples compile, and no key is missing in it."""

import re
from pathlib import Path

import pytest
import yaml

from techrun.journey.compile import compile_journey
from techrun.journey.expand import keys_of
from techrun.journey.model import VERBS, Fragment, Journey, StepSpec

TEXT = (Path(__file__).parents[2] / "docs" / "journeys.md").read_text()
BLOCKS = [
    yaml.safe_load(re.sub(r"\bon:", '"on":', block))
    for block in re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
]
CONSTANTS = {
    "shop": {"url": "https://shop.example"},
    "secret": {"ADMIN_TOKEN": "x", "BUYER": "x", "BUYER_PASSWORD": "x"},
    "synthetic": {"email": "p@x.example", "articles": ["A"]},
}


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: str(block)[:40])
def test_every_example_is_right(block):
    if isinstance(block, list):
        for step in block:
            StepSpec.model_validate(step)
    elif "fragment" in block:
        Fragment.model_validate(block)
    else:
        journey = Journey.model_validate(block)
        if "article" in journey.data:
            journey.data["article"].load([{"sku": "A"}])
        compile_journey(journey, CONSTANTS, {}, "en-US")


@pytest.mark.parametrize("model", [Journey, StepSpec, Fragment], ids=lambda model: model.__name__)
def test_every_key_is_documented(model):
    keys = {field.alias or name for name, field in model.model_fields.items()}
    assert {
        key for key in keys if f"`{key}`" not in TEXT and f"`{key}:" not in TEXT and f"{key}:" not in TEXT
    } == set()


def test_every_verb_is_in_the_table():
    assert [verb for verb in VERBS if f"`{verb}`" not in TEXT] == []


def test_the_keys_of_a_step_are_those_that_are_written():
    assert keys_of(StepSpec.model_validate({"step": "a", "get": "/", "json": 1, "as": "x"})) == {
        "step",
        "get",
        "json",
        "as",
    }
