"""Earlier releases judged again: each against those before it, and what the sentence says of them."""

from __future__ import annotations

from dataclasses import replace

from techrun.config.releases import Releases
from techrun.releases.calibrate import Calibration, calibrate
from techrun.releases.records import Verdict, Verification

SETTINGS = Releases()


def kept(number: int, value: str = "pass", *, started: float = 0.0, release: int = 0) -> Verification:
    """A verification that is judged as its id says."""
    release = release or number
    return Verification(
        id=f"{value}-{number}",
        shop="acme",
        release=release,
        version=f"v{release}",
        commit="",
        begun=release * 100.0,
        started=started or release * 100.0 + 10,
        ended=release * 100.0 + 90,
        verdict=Verdict("pass", "It was fine."),
    )


class Judge:
    """Judges by the id, and remembers what each was held against."""

    def __init__(self) -> None:
        self.against: dict[str, list[str]] = {}

    def __call__(self, one, accepted, releases) -> Verdict:
        assert releases is SETTINGS
        self.against[one.id] = [each.id for each in accepted]
        return Verdict(one.id.partition("-")[0], f"{one.id} was judged.")


def replay(*ones: Verification, asked: int = 40, harm=None) -> tuple[Calibration, dict[str, list[str]]]:
    judge = Judge()
    found = calibrate("acme", ones, judge, SETTINGS, asked=asked, harm=harm or {})
    return found, judge.against


def test_the_sentence_names_what_it_would_have_stopped() -> None:
    found, _ = replay(*(kept(n, "fail" if n == 12 else "pass") for n in range(1, 41)))
    assert found.summary == "Of your last 40 releases this gate would have failed 1: v12."
    assert [one.version for one in found.replayed[:2]] == ["v40", "v39"]


def test_of_releases_that_all_pass_none_would_have_failed() -> None:
    assert replay(kept(1))[0].summary == "Of your last release this gate would have failed none."


def test_each_is_held_against_what_would_have_been_accepted_before_it() -> None:
    _, against = replay(kept(1), kept(2, "fail"), kept(3, "inconclusive"), kept(4), kept(5))
    assert against["pass-5"] == ["pass-4", "pass-1"]
    assert against["fail-2"] == ["pass-1"]


def test_no_more_releases_are_the_baseline_than_the_settings_say() -> None:
    _, against = replay(*map(kept, range(1, 10)))
    assert against["pass-9"] == ["pass-8", "pass-7", "pass-6", "pass-5", "pass-4"]


def test_a_release_that_was_rolled_back_is_no_baseline() -> None:
    _, against = replay(kept(1), kept(2), kept(3), harm={2: ("rolled back",)})
    assert against["pass-3"] == ["pass-1"]


def test_of_each_release_the_last_verification_counts() -> None:
    early, late = kept(1, "fail", started=110), kept(2, "pass", started=150, release=1)
    found, against = replay(late, early)
    assert [one.verification for one in found.replayed] == ["pass-2"]
    assert list(against) == ["pass-2"]


def test_one_that_was_cut_short_does_not_hide_what_was_told_before() -> None:
    early, late = kept(1, "fail", started=110), kept(2, started=150, release=1)
    cut = replace(late, verdict=Verdict("inconclusive", "It cannot be told: interrupted."))
    assert [one.verification for one in replay(early, cut)[0].replayed] == ["fail-1"]
    assert [one.verification for one in replay(cut)[0].replayed] == ["pass-2"]


def test_older_ones_are_only_what_the_asked_ones_are_held_against() -> None:
    found, against = replay(*map(kept, range(1, 8)), asked=2)
    assert [one.version for one in found.replayed] == ["v7", "v6"]
    assert against["pass-6"] == ["pass-5", "pass-4", "pass-3", "pass-2", "pass-1"]
    assert found.summary.startswith("Of your last 2 releases")


def test_what_is_known_of_releases_says_where_the_gate_is_right() -> None:
    harm = {2: ("rolled back", "incident #7"), 3: ("incident #9",)}
    found, _ = replay(kept(1), kept(2, "fail"), kept(3), kept(4, "inconclusive"), harm=harm)
    assert found.summary == (
        "Of your last 4 releases this gate would have failed 1: v2. It could not have told of 1: v4."
        " Rightly: v2 (rolled back, incident #7). It would have let through v3 (incident #9)."
    )
    assert found.replayed[1].harm == ("incident #9",)


def test_a_long_list_of_versions_is_cut() -> None:
    found, _ = replay(*(kept(n, "fail") for n in range(1, 13)))
    assert found.summary.endswith("failed 12: v12, v11, v10, v9, v8, v7, v6, v5, v4, v3 and 2 more.")


def test_the_verdict_that_it_had_stands_beside_the_new_one() -> None:
    (one,) = replay(kept(1, "fail"))[0].replayed
    assert (one.was, one.now, one.summary) == ("pass", "fail", "fail-1 was judged.")
