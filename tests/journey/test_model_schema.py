"""Rule 1: editors complete and check journeys by a JSON Schema; rule 17: what YAML 1.2 gives is taken."""

import jsonschema
import pytest

from techrun.journey.model import Fragment, Journey


@pytest.mark.parametrize("parameters", [["user"], {"user": None, "path": "/"}])
def test_a_fragment_fits_its_schema(parameters):
    written = {"fragment": "login", "parameters": parameters, "steps": [{"step": "a", "use": "b"}]}
    jsonschema.validate(written, Fragment.model_json_schema(by_alias=True))
    assert "user" in Fragment.model_validate(written).parameters


STEP = {"step": "a", "get": "/", "expect": {"status": 200}}


@pytest.mark.parametrize(
    ("step", "fits"),
    [
        ({**STEP, "http_version": 1.1, "retry": {"times": 2, "wait": "2s", "on": ["network"]}}, True),
        ({**STEP, "as": "admin", "when": "${x}", "carry": {"X": {"header": "x"}, "Y": "${x}"}}, True),
        ({**STEP, "post": "/"}, False),
        ({"step": "a"}, False),
        ({**STEP, "step": "Add to cart"}, False),
        ({**STEP, "timeout": 30}, False),
        ({**STEP, "unknown": 1}, False),
        ({**STEP, "retry": {"on": ["4xx"]}}, False),
    ],
)
def test_the_schema_says_what_a_step_is(step, fits):
    schema = Journey.model_json_schema(by_alias=True)
    errors = list(jsonschema.Draft202012Validator(schema).iter_errors({"journey": "j", "steps": [step]}))
    assert (not errors) is fits
