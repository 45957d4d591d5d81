"""From results to an exit code."""

from __future__ import annotations

import pytest

from techrun.cli.verdict import exit_code
from techrun.errors import ExitCode
from techrun.model import Status

UP, DEGRADED, DOWN, BLOCKED, UNKNOWN = Status


@pytest.mark.parametrize(
    ("statuses", "options", "expected"),
    [
        pytest.param([UP, DEGRADED], {}, ExitCode.OK, id="up and degraded hold"),
        pytest.param(
            [UP, DEGRADED], {"fail_on": "degraded"}, ExitCode.FAILED, id="degraded fails where asked for"
        ),
        pytest.param([UP, DOWN], {}, ExitCode.FAILED, id="one down fails"),
        pytest.param([DOWN, UNKNOWN], {}, ExitCode.FAILED, id="down beside unknown fails"),
        pytest.param([DOWN], {"on_inconclusive": "pass"}, ExitCode.FAILED, id="down is never inconclusive"),
        pytest.param(
            [BLOCKED, UNKNOWN], {}, ExitCode.CANNOT_TELL, id="only blocked and unknown cannot be told"
        ),
        pytest.param([UP, UNKNOWN], {}, ExitCode.CANNOT_TELL, id="a part unknown cannot be told"),
        pytest.param(
            [UP, BLOCKED], {"on_inconclusive": "pass"}, ExitCode.OK, id="inconclusive passes where asked for"
        ),
        pytest.param(
            [UP, BLOCKED],
            {"on_inconclusive": "fail"},
            ExitCode.FAILED,
            id="inconclusive fails where asked for",
        ),
        pytest.param([], {}, ExitCode.CANNOT_TELL, id="nothing run is never good"),
        pytest.param(
            [], {"on_inconclusive": "pass"}, ExitCode.CANNOT_TELL, id="nothing run is never good, even then"
        ),
    ],
)
def test_an_exit_code_says_whether_it_holds(make_result, statuses, options, expected) -> None:
    assert exit_code([make_result(status=status) for status in statuses], **options) == expected
