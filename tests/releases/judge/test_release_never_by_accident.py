"""Whatever a verification holds, it is judged, and it passes only where everything was seen."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from techrun.config.releases import JudgeSettings, Releases
from techrun.model import Status
from techrun.releases.judge.verdict import judge
from techrun.releases.records import Counts, Expectation, Identity, NodeFinding, Sample, Verification

CHECKS = ("acme/home", "acme/checkout", "acme/status")
STATES = ("new", "old", "wrong-commit", "mixed", "drained", "unreadable", "unreachable", "not-seen")
ASKED = st.builds(
    lambda latency, control: Releases(judge=JudgeSettings(latency=latency, control=control)),
    st.sampled_from(["off", "warn", "fail"]),
    st.sampled_from([None, "status", "elsewhere"]),
)
times = st.floats(0, 1e4)
samples = st.builds(
    Sample,
    check=st.sampled_from(CHECKS),
    at=times,
    offset=times,
    status=st.sampled_from([Status.UP] * 6 + list(Status)),
    duration=times,
    steps=st.dictionaries(st.sampled_from(["cart", "payment"]), times),
    warm_up=st.booleans(),
    settling=st.booleans(),
    confirms=st.booleans(),
    decision=st.sampled_from(["", "", "", "down.confirmed"]),
)
findings = st.builds(
    NodeFinding, via=st.just("127.0.0.2"), state=st.sampled_from(STATES), text=st.just("seen")
)
identities = st.none() | st.builds(
    lambda found, not_seen: Identity(Expectation("v812"), tuple(found), tuple(not_seen)),
    st.lists(findings, max_size=2),
    st.lists(st.just("the origins"), max_size=1),
)
counts = st.builds(
    lambda check, hour, runs, failed: Counts(check, float(hour), runs, min(runs, failed)),
    st.sampled_from(CHECKS),
    st.integers(0, 9),
    st.integers(0, 60),
    st.integers(0, 60),
)
verifications = st.builds(
    lambda **given: Verification("1", "acme", 1, "v812", "", 0.0, 0.0, 300.0, **given),
    identity=identities,
    samples=st.lists(samples, max_size=80).map(tuple),
    judged=st.lists(st.sampled_from(CHECKS[:2]), max_size=2, unique=True).map(tuple),
    wanted=st.integers(2, 12),
    before=st.lists(counts, max_size=9).map(tuple),
    cut=st.sampled_from(["", "interrupted"]),
    superseded=st.sampled_from(["", "v813"]),
    digests=st.sampled_from([{}, dict.fromkeys(CHECKS, "same")]),
)


@settings(max_examples=150, deadline=None)
@given(verification=verifications, accepted=st.lists(verifications, max_size=4), releases=ASKED)
def test_a_release_passes_only_where_everything_was_seen(verification, accepted, releases):
    verdict = judge(verification, accepted, releases)
    assert verdict == judge(verification, accepted, releases)
    assert verdict.summary
    if verdict.value == "pass":
        assert verdict.evaluated > 0
        assert verification.judged
        assert not verification.cut
        assert verification.identity is not None
        assert not verification.identity.not_seen
        assert {each.state for each in verification.identity.findings} in (
            {"new"},
            {"drained"},
            {"new", "drained"},
        )
        told = [
            each
            for each in verification.samples
            if not each.settling and each.status not in {"blocked", "unknown"}
        ]
        assert all(
            sum(each.check == check for each in told) >= verification.wanted for check in verification.judged
        )


@settings(max_examples=30, deadline=None)
@given(verification=verifications, releases=ASKED)
def test_where_every_run_failed_it_never_passes(verification, releases):
    from dataclasses import replace

    failed = tuple(
        replace(each, status=Status.DOWN) for each in verification.samples if each.check != "acme/status"
    )
    assert judge(replace(verification, samples=failed), [], releases).value != "pass"
