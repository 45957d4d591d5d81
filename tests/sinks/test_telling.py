"""From incidents to the right few messages, with an injected clock: what is told, when, and what holds it."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import pytest

from techrun.alerts.policy import Planned, Policy, Voice
from techrun.handling import Acknowledgement, LoadTest, Release, Window
from techrun.impact import Impact
from techrun.model import Check, CheckId, Outcome, Reason, Result, Shop, Status
from techrun.sinks._around import Around
from techrun.sinks._fleet import Fleet
from techrun.sinks._keeper import Keeper
from techrun.sinks._pending import Pending
from techrun.sinks._teller import Teller
from techrun.store.desk import Desk, Request, answer_to, ask, end_window, load_desk
from techrun.store.migrations import migrate
from techrun.store.outbox import told
from techrun.store.state import (
    decisions_of,
    holds_of,
    open_holds,
    open_incidents,
    save_incident,
    unfinished_incidents,
)

START = 1_790_000_000.0
WELL = Outcome(Status.UP)
BROKEN = Outcome(Status.DOWN, Reason.CONNECT, "connection refused")
WRONG = Outcome(Status.DOWN, Reason.EXPECTATION, "no price")
SLOW = Outcome(Status.DEGRADED, Reason.BUDGET, "slow")
BLOCKED = Outcome(Status.BLOCKED, Reason.BLOCKED, "a captcha")
POLICY = Policy(
    escalate=("boss",),
    severity_channels={(shop, "page"): ("oncall",) for shop in ("acme-es", "acme-fr")}
    | {("acme-es", "ticket"): ("desk",)},
    owner=("ops",),
)


def shop_check(name, severity="page", depends_on=(), shop="acme-es"):
    channel = "oncall" if severity == "page" else "desk"
    return Check(
        CheckId(shop, name), "http", 60, 30, severity=severity, depends_on=depends_on, notify=(channel,)
    )


HOME = shop_check("home")
CHECKOUT = shop_check("checkout", depends_on=("home",))
SEARCH = shop_check("search", "ticket")


class Watch:
    """Keeper, fleet and teller over a store in memory; `told` is all that was written, in its order."""

    def __init__(self, checks=(HOME, CHECKOUT, SEARCH), policy=POLICY, shops=None):
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        migrate(self.connection, ":memory:")
        self.checks, self.policy, self.now = checks, policy, START
        self.shops = shops or {one.id.shop: Shop(one.id.shop, "https://shop.example") for one in checks}
        self.desk, self.network, self.told = Desk((), {}, {}, ()), ("unknown", 0.0), []
        self.asked = set()
        self.start()

    def start(self):
        """As after a restart: all that is known is on the disk."""
        self.keeper = Keeper(self.connection, self.policy)
        self.keeper.ended = {one.id: one for one in unfinished_incidents(self.connection, self.now)}
        self.teller = Teller(self.keeper, open_holds(self.connection), Voice())
        self.fleet = Fleet(self.keeper)
        self.teller.channels = frozenset({"oncall", "desk", "boss", "ops"})
        pending = Pending()
        self.keeper.configure(self.checks, tuple(self.shops.values()), self.now, pending)
        self.settle(pending)

    def run(self, check, *outcomes, after=0.0):
        """Results of a check, one each ten seconds."""
        for outcome in outcomes:
            self.now += after
            pending = Pending()
            self.keeper.take(Result(check, outcome, "r", self.now, 0.0, 0.0), pending)
            self.settle(pending)
            after = 10.0
        return self

    def fail(self, check, outcome=BROKEN):
        return self.run(check, *[outcome] * 4, after=10.0)

    def heal(self, *checks):
        for check in checks:
            self.run(check, WELL, WELL, after=1.0)
        return self

    def wait(self, seconds, step=1.0):
        end = self.now + seconds
        while self.now < end:
            self.now += step
            self.settle(Pending())
        return self

    def settle(self, pending):
        """Look, as the sink does, and write; every message is taken by its channel."""
        numbers = [*self.keeper.open, *self.keeper.ended]
        found = told(self.connection, numbers, shadow=False)
        around = Around(self.now, self.desk, found, (), *self.network)
        self.keeper.look_at_quiet(self.now, self.desk.releases, pending)
        self.fleet.look(around, pending)
        self.teller.look(around, pending)
        self.asked |= self.keeper.asked
        self.keeper.asked.clear()
        pending.write(self.connection)
        self.desk = replace(self.desk, requests=())
        for message in pending.messages:
            self.told.append((message.event, message.channel))
            self.last = message
        self.connection.execute("UPDATE outbox SET state = 'sent', attempts = 1, settled = ?", (self.now,))

    def configure(self, *checks):
        """As after a reload: these are watched from now on."""
        self.checks, pending = checks, Pending()
        self.shops |= {one.id.shop: Shop(one.id.shop, "https://shop.example") for one in checks}
        self.keeper.configure(checks, tuple(self.shops.values()), self.now, pending)
        self.settle(pending)
        return self

    def acknowledge(self, number=1):
        given = {**self.desk.acknowledged, number: Acknowledgement(number, self.now, "dee", "on it")}
        self.desk = replace(self.desk, acknowledged=given)
        return self

    def window(self, kind="silence", seconds=600.0, selectors=("acme-es",)):
        window = Window(4, kind, selectors, self.now, self.now + seconds, "new PSP", "dee")
        self.desk = replace(self.desk, windows=(window,))
        return self

    def release(self):
        released = Release(1, "acme-es", "v812", self.now, "a1b9f3e", "dee")
        self.desk = replace(self.desk, releases={"acme-es": (released,)})
        return self

    def load(self, seconds=600.0, shop="acme-es"):
        """A load test that says it goes on for so long."""
        test = LoadTest("r1", shop, "checkout", "v2", "https://shop.example", self.now, self.now + seconds)
        self.desk = replace(self.desk, load_tests=(*self.desk.load_tests, test))
        return self

    @property
    def story(self):
        return [decided.decision for decided in decisions_of(self.connection, 1)]

    @property
    def rules(self):
        return [hold.rule for hold in holds_of(self.connection, 1)]


def test_one_outage_is_one_message_and_its_end_another():
    watch = Watch().fail(HOME).wait(5)
    assert watch.told == [("opened", "oncall")]
    watch.heal(HOME).wait(60)
    assert watch.told == [("opened", "oncall"), ("recovered", "oncall")]


def test_checks_that_fail_for_one_cause_are_one_message():
    watch = Watch().run(CHECKOUT, WELL).run(HOME, WELL)
    for _ in range(4):
        watch.run(HOME, BROKEN, after=3).run(CHECKOUT, BROKEN, after=3).run(SEARCH, BROKEN, after=3)
    watch.wait(120)
    assert watch.told == [("opened", "oncall")]
    assert "home" in watch.last.title
    (incident,) = open_incidents(watch.connection)
    assert {member.check for member in incident.members} == {HOME.id, CHECKOUT.id, SEARCH.id}


def test_a_child_that_fails_alone_is_told_when_its_parent_was_asked():
    watch = Watch().run(HOME, WELL)
    watch.fail(CHECKOUT)
    assert watch.asked == {HOME.id}
    watch.wait(5)
    assert watch.told == []
    assert "held.parent" in watch.rules
    watch.run(HOME, WELL, after=1.0).wait(3)
    assert watch.told == [("opened", "oncall")]
    assert "checkout" in watch.last.title


def test_a_parent_that_never_answers_holds_a_child_for_a_while_only():
    watch = Watch().run(HOME, WELL)
    watch.fail(CHECKOUT).wait(50)
    assert watch.told == [("opened", "oncall")]


def test_the_recovery_of_a_parent_alone_is_told_as_what_still_fails():
    watch = Watch().fail(HOME).fail(CHECKOUT, WRONG).wait(10)
    watch.heal(HOME).wait(60)
    assert watch.told == [("opened", "oncall")]
    watch.wait(120)
    assert watch.told[1:] == [("update", "oncall")]
    watch.heal(CHECKOUT).wait(5)
    assert watch.told[2:] == [("recovered", "oncall")]


def test_nobody_acknowledges_so_the_next_one_hears_of_it():
    watch = Watch().fail(HOME).wait(700, step=5)
    assert watch.told == [("opened", "oncall"), ("escalated", "boss")]
    watch.heal(HOME).wait(5)
    assert sorted(watch.told[2:]) == [("recovered", "boss"), ("recovered", "oncall")]


def test_who_acknowledges_is_left_alone_until_it_is_over():
    watch = Watch().fail(HOME).wait(60).acknowledge().wait(7200, step=20)
    assert watch.told == [("opened", "oncall")]
    assert "acknowledged" in watch.story
    watch.heal(HOME).wait(5)
    assert watch.told[1:] == [("recovered", "oncall")]


@pytest.mark.parametrize(("kind", "rule"), [("silence", "held.silence"), ("maintenance", "held.maintenance")])
def test_a_window_holds_the_alert_and_it_goes_out_when_the_shop_is_still_down(kind, rule):
    watch = Watch().window(kind, 600).fail(HOME).wait(500)
    assert watch.told == []
    assert rule in watch.rules
    watch.wait(100)
    assert "held.asked_again" in watch.rules
    assert HOME.id in watch.asked
    watch.run(HOME, BROKEN, BROKEN, after=1)
    assert watch.told == [("opened", "oncall")]


def test_what_is_well_again_when_a_window_ends_is_told_to_nobody():
    """Though that is not confirmed yet: a release's errors would page at the end of its grace."""
    watch = Watch().run(HOME, WELL).release().fail(HOME).wait(70)
    watch.run(HOME, WELL).wait(20)
    assert "held.recovering" in watch.rules
    watch.run(HOME, WELL).wait(300)
    assert watch.told == []


def test_one_failure_that_comes_alone_after_a_window_is_no_outage():
    watch = Watch().run(HOME, WELL).release().fail(HOME).wait(70).run(HOME, WELL).wait(20)
    watch.run(HOME, BROKEN).wait(4).run(HOME, WELL, WELL, after=1).wait(300)
    assert watch.told == []


def test_what_nobody_answers_for_after_a_window_is_told_all_the_same():
    watch = Watch().window("silence", 600).fail(HOME).wait(600)
    assert watch.told == []
    watch.wait(10)
    assert watch.told == [("opened", "oncall")]


def test_a_check_that_is_down_is_asked_before_its_window_ends():
    watch = Watch().window("maintenance", 600).fail(HOME).wait(500)
    assert watch.asked == set()
    watch.wait(30)
    assert watch.asked == {HOME.id}


def test_an_outage_that_began_and_ended_within_a_window_is_told_to_nobody():
    watch = Watch().window("maintenance").fail(HOME).wait(60).heal(HOME).wait(700)
    assert watch.told == []
    assert "recovered.confirmed" in watch.story


def test_a_recovery_within_a_window_is_told_to_those_who_heard_before():
    watch = Watch().fail(HOME).wait(10).window("silence").wait(60).heal(HOME).wait(5)
    assert watch.told == [("opened", "oncall"), ("recovered", "oncall")]


def test_the_grace_of_a_release_holds_for_two_minutes_and_is_recorded():
    watch = Watch().run(HOME, WELL).release().fail(HOME).wait(60)
    assert watch.told == []
    assert "held.deploy_grace" in watch.rules
    (kind, source) = watch.connection.execute("SELECT kind, source FROM windows").fetchone()
    assert (kind, source) == ("grace", "release acme-es v812")
    watch.wait(60).run(HOME, BROKEN, BROKEN, after=1)
    assert watch.told == [("opened", "oncall")]
    assert "v812" in watch.last.body


def test_an_outage_under_load_tells_of_the_load_test_and_is_held_by_nothing():
    quiet, loaded = Watch().fail(HOME).wait(2), Watch().load().fail(HOME).wait(2)
    assert loaded.told == quiet.told == [("opened", "oncall")]
    assert "Load test running: checkout, v2, since 14:13." in loaded.last.body
    assert "running: checkout, v2, since 14:13" in loaded.last.html
    assert loaded.last.title == quiet.last.title
    assert "Load test" not in quiet.last.body
    assert loaded.rules == quiet.rules


def test_a_load_test_that_the_outage_ended_is_told_as_over():
    """The kill switch stops the load as soon as a probe fails, and before anybody is told."""
    watch = Watch().load(seconds=15).fail(HOME).wait(2)
    assert "Load test over: checkout, v2, 14:13 to 14:13." in watch.last.body
    watch.wait(3600).heal(HOME).wait(2)
    assert watch.last.event == "recovered"
    assert "Load test over: checkout, v2" in watch.last.body


def test_a_load_test_whose_process_died_is_running_no_longer():
    watch = Watch().load(seconds=60).wait(300).fail(HOME).wait(2)
    assert "Load test" not in watch.last.body


def test_the_load_test_of_another_shop_is_not_told():
    assert "Load test" not in Watch().load(shop="acme-fr").fail(HOME).wait(2).last.body


def test_a_window_of_the_calendar_is_recorded_when_it_begins():
    planned = Planned("import", "maintenance", ("acme-es",), starts=START + 30, ends=START + 600)
    watch = Watch(policy=replace(POLICY, calendar=(planned,))).wait(20)
    assert watch.connection.execute("SELECT count(*) FROM windows").fetchone() == (0,)
    watch.wait(20).fail(HOME).wait(60)
    assert watch.connection.execute("SELECT kind, source FROM windows").fetchall() == [
        ("maintenance", "calendar: import")
    ]
    assert watch.told == []


def test_a_maintenance_page_pages_only_after_five_minutes():
    page = Outcome(Status.DOWN, Reason.MAINTENANCE, "the platform shows its maintenance page")
    watch = Watch().fail(HOME, page).wait(255)
    assert watch.told == []
    assert "held.maintenance_page" in watch.rules
    watch.wait(60)
    assert watch.told == [("opened", "oncall")]


def test_a_maintenance_page_that_becomes_an_error_pages_at_once():
    page = Outcome(Status.DOWN, Reason.MAINTENANCE, "the platform shows its maintenance page")
    watch = Watch().fail(HOME, page).wait(10)
    watch.run(HOME, BROKEN, after=10).wait(3)
    assert watch.told == [("opened", "oncall")]
    assert "connection refused" in watch.last.title


def test_blind_for_a_quarter_of_an_hour_is_a_ticket_to_the_owner_of_techrun():
    watch = Watch().run(SEARCH, WELL).run(SEARCH, *[BLOCKED] * 90, after=10).wait(90)
    assert watch.told == [("opened", "ops")]
    watch.run(SEARCH, WELL, after=10).wait(5)
    assert watch.told[1:] == [("recovered", "ops")]


def test_blocked_on_every_path_pages():
    watch = Watch()
    for _ in range(6):
        for one in (HOME, CHECKOUT, SEARCH):
            watch.run(one, BLOCKED, after=10)
    watch.wait(10)
    assert ("opened", "oncall") in watch.told


def test_blocked_after_a_release_pages():
    watch = Watch().run(HOME, WELL).release().wait(130).run(HOME, *[BLOCKED] * 5, after=10).wait(10)
    assert ("opened", "oncall") in watch.told


def test_our_own_lost_network_is_one_message_to_its_owner():
    watch = Watch()
    watch.network = ("lost", watch.now)
    watch.fail(HOME, Outcome(Status.UNKNOWN, Reason.UPLINK, "our own network")).wait(1800, step=10)
    assert watch.told == [("opened", "ops")]
    watch.network = ("ok", watch.now)
    watch.wait(2).run(HOME, WELL).wait(5)
    assert watch.told == [("opened", "ops"), ("recovered", "ops")]


def test_while_our_own_network_is_lost_an_outage_waits_and_is_told_afterwards():
    watch = Watch()
    watch.network = ("lost", watch.now)
    watch.fail(HOME).wait(10)
    assert ("opened", "oncall") not in watch.told
    watch.network = ("ok", watch.now)
    watch.wait(2).run(HOME, BROKEN, BROKEN, after=1)
    assert ("opened", "oncall") in watch.told


def fleet(count):
    return [shop_check("home", shop=f"shop-{number:02}") for number in range(count)]


def test_sixty_shops_that_break_at_once_are_a_handful_of_messages():
    checks = fleet(60)
    watch = Watch(checks=tuple(checks))
    for _ in range(4):
        for one in checks:
            watch.run(one, BROKEN, after=0.5)
    watch.wait(30)
    opened = [event for event, channel in watch.told if event == "opened"]
    assert len(opened) <= 5
    assert "shops" in watch.last.title
    for one in checks:
        watch.run(one, WELL, after=0.1).run(one, WELL, after=0.1)
    watch.wait(30)
    assert len(watch.told) == 2 * len(opened)
    assert not list(open_incidents(watch.connection))


def test_a_person_reports_an_outage_that_no_check_saw():
    watch = Watch()
    watch.desk = replace(
        watch.desk,
        requests=(
            Request(
                1, watch.now, "dee", "open", {"shop": "acme-es", "text": "client phoned", "severity": "page"}
            ),
        ),
    )
    watch.wait(5)
    assert watch.told == [("opened", "oncall")]
    assert "client phoned" in watch.last.title
    watch.desk = replace(watch.desk, requests=(Request(2, watch.now, "dee", "close", {"incident": 1}),))
    watch.wait(5)
    assert watch.told[1:] == [("recovered", "oncall")]


@pytest.mark.parametrize("moment", range(0, 800, 37))
def test_a_restart_at_any_moment_tells_nothing_twice_and_loses_nothing(moment):
    """The same outage with a restart in it is told as without one."""

    def outage(restart_at=None):
        watch = Watch()
        steps = [(HOME, WELL)] + [(HOME, BROKEN)] * 66 + [(HOME, WELL)] * 3
        for number, (check, outcome) in enumerate(steps):
            watch.run(check, outcome, after=10.0)
            if restart_at is not None and number == restart_at // 10:
                watch.start()
        return watch.wait(10).told

    assert outage(moment) == outage()


JUMPS = {"an hour back": -3600.0, "a second back": -1.0, "a minute on": 60.0, "an hour on": 3600.0}


@pytest.mark.parametrize("jump", JUMPS.values(), ids=JUMPS.keys())
@pytest.mark.parametrize("moment", ["before", "confirming", "told", "recovering"])
def test_a_clock_that_jumps_tells_nothing_twice_and_loses_nothing(moment, jump):
    watch = Watch(policy=replace(POLICY, escalate=(), remind={})).run(HOME, WELL)
    story = {
        "before": lambda: watch.run(HOME, BROKEN, BROKEN, after=10),
        "confirming": lambda: watch.run(HOME, BROKEN, BROKEN, after=10),
        "told": lambda: watch.wait(5),
        "recovering": lambda: watch.run(HOME, WELL, after=10),
    }
    for name, happens in story.items():
        happens()
        if name == moment:
            watch.now += jump
    watch.run(HOME, WELL, after=10).wait(5)
    assert watch.told == [("opened", "oncall"), ("recovered", "oncall")]


def test_a_clock_that_was_set_back_does_not_hold_a_page():
    watch = Watch().run(HOME, WELL).run(HOME, *[BROKEN] * 4, after=10)
    watch.now -= 3600
    watch.wait(3)
    assert watch.told == [("opened", "oncall")]


def test_the_story_of_an_incident_names_every_rule():
    watch = Watch().fail(HOME).wait(30).acknowledge().wait(5).heal(HOME).wait(5)
    assert watch.story == [
        "joined.first",
        "owed.opened",
        "acknowledged",
        "recovery.counted",
        "recovered.confirmed",
        "owed.recovered",
    ]


def storm_of(count=6, **settings):
    checks = fleet(count)
    watch = Watch(checks=tuple(checks), **settings)
    for _ in range(4):
        for one in checks:
            watch.run(one, BROKEN, after=1.0)
    return watch.wait(5), checks


def is_quiet(watch):
    """Nothing is open any more, and nothing is still to be told."""
    return not watch.keeper.open and not watch.keeper.ended and not list(open_incidents(watch.connection))


@pytest.mark.parametrize("last", [0, -1], ids=["its first shop", "its last shop"])
def test_a_storm_ends_with_whichever_shop_recovers_last(last):
    watch, checks = storm_of()
    final = checks.pop(last)
    watch.heal(*checks).heal(final).wait(5)
    assert is_quiet(watch)


def test_a_storm_whose_shops_all_leave_the_configuration_ends():
    watch, _ = storm_of(5)
    watch.configure(HOME).wait(5)
    assert is_quiet(watch)
    assert not watch.keeper.states


def test_a_shop_of_a_storm_that_gets_another_lead_still_leaves_it():
    pages = [shop_check("home", shop=f"shop-{number}") for number in range(5)]
    child = shop_check("checkout", shop="shop-0", depends_on=("home",))
    watch = Watch(checks=(child, *pages)).run(pages[0], WELL)
    for _ in range(4):
        for one in (child, *pages[1:]):
            watch.run(one, WRONG if one is child else BROKEN, after=1.0)
    watch.wait(50).fail(pages[0]).wait(5)
    watch.heal(child, *pages).wait(5)
    assert is_quiet(watch)


def test_what_a_storm_covers_outlives_a_check_that_leaves_the_configuration():
    checks = fleet(5)
    other = shop_check("search", shop="shop-00")
    watch = Watch(checks=(*checks, other))
    for _ in range(4):
        for one in (*checks, other):
            watch.run(one, BROKEN, after=1.0)
    watch.wait(5)
    watch.heal(*checks[1:]).configure(other, *checks[1:]).wait(5)
    assert [one.kind for one in watch.keeper.open.values()] == ["outage", "storm"]
    watch.heal(other).wait(5)
    assert is_quiet(watch)


class Stories:
    """What happens, a step at a time; between any two of them techrun may be started anew."""

    @staticmethod
    def storm(watch):
        checks = watch.checks
        for _ in range(4):
            for one in checks:
                yield watch.run(one, BROKEN, after=1.0)
        yield watch.wait(5)
        yield watch.wait(700, step=10)
        for one in (*checks[1:], checks[0]):
            yield watch.heal(one)

    @staticmethod
    def blind(watch):
        yield watch.run(SEARCH, WELL)
        for _ in range(20):
            yield watch.run(SEARCH, BLOCKED, after=60)
        yield watch.wait(90)
        yield watch.run(SEARCH, WELL, after=10)

    @staticmethod
    def degraded(watch):
        for _ in range(20):
            yield watch.run(SEARCH, SLOW, after=60)
        yield watch.wait(90)
        yield watch.run(SEARCH, WELL, WELL, after=10)

    @staticmethod
    def windows(watch):
        yield watch.window(seconds=120)
        yield watch.fail(HOME)
        yield watch.wait(60)
        yield watch.wait(30)
        yield watch.window(kind="maintenance", seconds=1200)
        yield watch.wait(1100, step=10)
        yield watch.wait(200, step=10)
        yield watch.heal(HOME)

    @staticmethod
    def release(watch):
        yield watch.run(HOME, WELL)
        yield watch.release()
        for _ in range(6):
            yield watch.run(HOME, BROKEN, after=10)
        yield watch.wait(100)
        yield watch.run(HOME, BROKEN)
        yield watch.run(HOME, BROKEN, after=10)
        yield watch.heal(HOME)

    @staticmethod
    def escalation(watch):
        yield watch.fail(HOME)
        yield watch.wait(5)
        yield watch.wait(590, step=5)
        yield watch.wait(20)
        yield watch.wait(2400, step=10)
        yield watch.acknowledge()
        yield watch.wait(4000, step=10)
        yield watch.heal(HOME)

    @staticmethod
    def update(watch):
        yield watch.fail(HOME)
        yield watch.fail(CHECKOUT, WRONG)
        yield watch.wait(5)
        yield watch.heal(HOME)
        yield watch.wait(110)
        yield watch.wait(20)
        yield watch.heal(CHECKOUT)

    @staticmethod
    def parent(watch):
        yield watch.run(HOME, WELL)
        for _ in range(4):
            yield watch.run(CHECKOUT, BROKEN, after=10)
        yield watch.wait(20)
        yield watch.wait(30)
        yield watch.run(HOME, WELL)
        yield watch.heal(CHECKOUT)

    @staticmethod
    def uplink(watch):
        watch.network = ("lost", watch.now)
        yield watch.fail(HOME)
        yield watch.wait(15)
        yield watch.wait(30)
        watch.network = ("ok", watch.now)
        yield watch.wait(5)
        yield watch.heal(HOME)

    @staticmethod
    def raised(watch):
        yield watch.fail(SEARCH)
        yield watch.wait(70)
        yield watch.fail(HOME)
        yield watch.wait(5)
        yield watch.heal(HOME)
        yield watch.heal(SEARCH)


STORIES = {name: each for name, each in vars(Stories).items() if isinstance(each, staticmethod)}


def told_in(story, restart_after=None):
    """What is told, with or without a restart after this step; and how many steps there are."""
    watch = Watch(checks=tuple(fleet(6))) if story == "storm" else Watch()
    steps = 0
    for steps, _ in enumerate(getattr(Stories, story)(watch), 1):
        if steps == restart_after:
            watch.start()
    watch.wait(300)
    assert is_quiet(watch)
    return watch.told, steps


@pytest.mark.parametrize("story", STORIES)
def test_a_restart_after_any_step_of_a_story_changes_nothing_of_what_is_told(story):
    told, steps = told_in(story)
    assert told
    for step in range(1, steps + 1):
        assert (step, told_in(story, step)[0]) == (step, told)


def test_a_window_of_the_calendar_that_a_person_ended_stays_ended_until_it_would_have_been_over():
    planned = Planned("import", "maintenance", ("acme-es",), starts=START, ends=START + 6 * 3600)
    watch = Watch(policy=replace(POLICY, calendar=(planned,))).wait(60)
    end_window(watch.connection, 1, watch.now)
    watch.now += 2 * 3600
    watch.desk = load_desk(watch.connection, watch.now)
    watch.fail(HOME).wait(5)
    assert watch.told == [("opened", "oncall")]


def asked(*payloads, verb="close"):
    return tuple(Request(n, START, "dee", verb, payload) for n, payload in enumerate(payloads, 1))


def test_a_request_that_makes_no_sense_holds_up_neither_alerts_nor_other_requests():
    watch = Watch().run(HOME, *[BROKEN] * 4, after=10)
    senseless = asked({"incident": "none"}, {"incident": None})
    good = Request(3, START, "dee", "open", {"shop": "acme-es", "text": "client phoned"})
    watch.desk = replace(watch.desk, requests=(*senseless, good))
    for request in watch.desk.requests:
        ask(watch.connection, request.author, request.verb, request.payload, request.at)
    watch.wait(3)
    assert watch.told == [("opened", "oncall")]
    assert [answer_to(watch.connection, number) for number in (1, 2, 3)] == [
        "error: the request cannot be read",
        "error: the request cannot be read",
        "2",
    ]


def test_a_page_of_which_only_a_ticket_is_left_wakes_nobody_any_more():
    watch = Watch().run(HOME, WELL).fail(SEARCH).fail(HOME).wait(5)
    assert ("opened", "oncall") in watch.told
    told = len(watch.told)
    watch.heal(HOME).wait(7200, step=10)
    assert not {("escalated", "boss"), ("reminder", "oncall")} & set(watch.told[told:])


def test_a_ticket_that_was_acknowledged_and_becomes_a_page_is_escalated():
    watch = Watch().run(HOME, WELL).fail(SEARCH).wait(65).acknowledge().wait(20)
    watch.fail(HOME).wait(5)
    assert watch.told == [("opened", "desk"), ("opened", "oncall")]
    watch.wait(700, step=10)
    assert watch.told[2:] == [("escalated", "boss")]
    watch.acknowledge().wait(7200, step=10)
    assert watch.told[3:] == []


def test_a_page_that_was_acknowledged_while_it_was_held_is_told_once():
    watch = Watch().window(seconds=300).fail(HOME).acknowledge().wait(7200, step=10)
    assert watch.told == [("opened", "oncall")]


def test_who_took_an_incident_on_is_noted_once_however_often_techrun_is_started():
    watch = Watch().fail(HOME).wait(60).acknowledge().wait(5)
    watch.start()
    watch.wait(5)
    watch.start()
    watch.wait(5)
    assert watch.story.count("acknowledged") == 1


def test_a_blind_ticket_that_turns_out_to_be_a_page_goes_to_who_is_paged():
    watch = Watch(checks=(HOME, SEARCH)).run(SEARCH, WELL).run(HOME, *[BLOCKED] * 91, after=10).wait(90)
    assert watch.told == [("opened", "ops")]
    watch.run(SEARCH, *[BLOCKED] * 5, after=10).wait(90)
    assert ("opened", "oncall") in watch.told
    watch.wait(700, step=10)
    assert ("escalated", "boss") in watch.told


def test_a_shop_whose_money_cannot_be_reckoned_is_told_all_the_same():
    shop = Shop("acme-es", "https://shop.example", impact=Impact((), 60.0, "EUR"))
    watch = Watch(shops={"acme-es": shop}).fail(HOME).wait(5)
    assert watch.told == [("opened", "oncall")]
    assert "home" in watch.last.title


def test_a_parent_that_fails_once_and_is_blind_from_then_on_holds_its_child_for_a_while_only():
    watch = Watch().run(HOME, WELL, BROKEN)
    for _ in range(4):
        watch.run(HOME, BLOCKED, after=5).run(CHECKOUT, BROKEN, after=5)
    watch.wait(50)
    assert ("opened", "oncall") in watch.told
    assert "checkout" in watch.last.title


CIRCLE = (
    shop_check("a", depends_on=("c",)),
    shop_check("b", depends_on=("a",)),
    shop_check("c", depends_on=("b",)),
)


@pytest.mark.parametrize("first", CIRCLE, ids=["a", "b", "c"])
def test_checks_that_depend_on_each_other_in_a_circle_are_told_as_one(first):
    watch = Watch(checks=CIRCLE).fail(first)
    for one in CIRCLE:
        watch.fail(one)
    watch.wait(60)
    assert watch.told == [("opened", "oncall")]


def test_a_parent_that_is_not_watched_holds_nothing():
    watch = Watch(checks=(CHECKOUT,)).fail(CHECKOUT).wait(3)
    assert watch.told == [("opened", "oncall")]


def test_a_check_that_is_down_and_renamed_is_withdrawn_and_told_anew():
    watch = Watch().fail(HOME).wait(5)
    renamed = shop_check("front")
    watch.configure(renamed, SEARCH).fail(renamed).wait(5)
    assert watch.told == [("opened", "oncall"), ("withdrawn", "oncall"), ("opened", "oncall")]
    watch.heal(renamed).wait(5)
    assert is_quiet(watch)


@pytest.mark.parametrize("outcome", [BLOCKED, Outcome(Status.UNKNOWN, Reason.FIXTURE, "no stock")])
def test_a_check_that_is_removed_while_it_is_blind_leaves_nothing_open(outcome):
    watch = Watch().run(SEARCH, *[outcome] * 95, after=10).wait(90)
    assert watch.told
    watch.configure(HOME).wait(5)
    assert is_quiet(watch)


def test_a_fixture_whose_check_goes_down_is_over_and_the_outage_is_told():
    fixture = Outcome(Status.UNKNOWN, Reason.FIXTURE, "no stock")
    watch = Watch().run(HOME, *[fixture] * 10, after=10).wait(90)
    assert [one.kind for one in watch.keeper.open.values()] == ["fixture"]
    watch.fail(HOME).wait(5)
    assert [one.kind for one in watch.keeper.open.values()] == ["outage"]
    watch.heal(HOME).wait(5)
    assert is_quiet(watch)


def test_degraded_then_down_then_up_ends_both():
    watch = Watch().run(SEARCH, *[SLOW] * 95, after=10).wait(70)
    watch.fail(SEARCH).wait(70)
    assert sorted(one.kind for one in watch.keeper.open.values()) == ["degraded", "outage"]
    watch.heal(SEARCH).wait(5)
    assert is_quiet(watch)


def test_a_severity_and_channels_that_change_while_it_is_down_lose_nothing():
    watch = Watch().fail(HOME).wait(5)
    watch.configure(replace(HOME, severity="ticket", notify=("desk",)), CHECKOUT, SEARCH).wait(5)
    watch.heal(HOME).wait(5)
    assert watch.told[0] == ("opened", "oncall")
    assert ("recovered", "oncall") in watch.told
    assert is_quiet(watch)


def test_a_release_that_is_to_begin_later_holds_nothing_and_hides_nothing():
    watch = Watch().run(HOME, WELL)
    later = Release(1, "acme-es", "v900", watch.now + 600, "a1b9f3e", "dee")
    watch.desk = replace(watch.desk, releases={"acme-es": (later,)})
    watch.fail(HOME).wait(5)
    assert watch.told == [("opened", "oncall")]


def test_each_of_two_releases_in_a_row_has_its_grace():
    watch = Watch().run(HOME, WELL).release().wait(60)
    second = Release(2, "acme-es", "v813", watch.now, "a1b9f3e", "dee")
    watch.desk = replace(load_desk(watch.connection, watch.now), releases={"acme-es": (second,)})
    watch.fail(HOME).wait(75)
    assert watch.told == []
    watch.wait(10).run(HOME, BROKEN, BROKEN, after=1)
    assert watch.told == [("opened", "oncall")]


def test_a_page_that_comes_back_while_its_old_incident_is_taken_on_is_told_anew():
    watch = Watch().run(HOME, WELL).fail(SEARCH).fail(HOME).wait(5).acknowledge()
    watch.heal(HOME).wait(7200, step=10)
    told = len(watch.told)
    watch.fail(HOME).wait(5)
    assert watch.told[told:] == [("opened", "oncall")]


def test_a_parent_that_goes_down_long_after_its_child_was_taken_on_is_told():
    watch = Watch().run(HOME, WELL).fail(CHECKOUT, WRONG).run(HOME, WELL).wait(5).acknowledge()
    watch.wait(7200, step=10).fail(HOME).wait(5)
    assert watch.told == [("opened", "oncall")] * 2
    assert "home" in watch.last.title


def test_what_recovers_before_it_is_told_is_not_what_the_message_tells_of():
    watch = Watch().window(seconds=600).fail(HOME).fail(SEARCH).heal(HOME).wait(700)
    assert watch.told == [("opened", "desk")]
    assert "search" in watch.last.title


def test_what_many_checks_do_to_an_incident_within_a_moment_is_written_once():
    checks = tuple(shop_check(f"page-{number}") for number in range(50))
    watch = Watch(checks=checks)
    for one in checks:
        watch.run(one, BROKEN, BROKEN, BROKEN)
    pending = Pending()
    for one in checks:
        watch.keeper.take(Result(one, BROKEN, "r", watch.now, 0.0, 0.0), pending)
    assert [len(incident.members) for incident in pending.incidents.values()] == [50]


def test_further_failures_of_what_is_held_are_no_news_but_for_the_lead():
    watch = Watch().window(seconds=7200).run(HOME, WELL).fail(HOME).fail(CHECKOUT).fail(SEARCH)
    changed = []
    for one in (HOME, CHECKOUT, SEARCH):
        pending = Pending()
        watch.keeper.take(Result(one, BROKEN, "r", watch.now + 60, 0.0, 0.0), pending)
        changed.append(len(pending.incidents))
    assert changed == [1, 0, 0]


def test_shops_that_only_a_release_shakes_are_no_storm():
    checks = fleet(6)
    watch = Watch(checks=tuple(checks)).run(checks[0], WELL)
    releases = {one.id.shop: (Release(1, one.id.shop, "v1", watch.now),) for one in checks}
    watch.desk = replace(watch.desk, releases=releases)
    for _ in range(4):
        for one in checks:
            watch.run(one, BROKEN, after=1)
    for one in checks:
        watch.run(one, WELL, WELL, after=1)
    watch.wait(300)
    assert watch.told == []


def test_what_breaks_an_hour_after_a_storm_is_told_by_itself():
    checks = fleet(6)
    watch = Watch(checks=tuple(checks))
    for _ in range(4):
        for one in checks[:5]:
            watch.run(one, BROKEN, after=1)
    watch.wait(3600, step=10)
    watch.told.clear()
    watch.fail(checks[5]).wait(5)
    assert ("opened", "oncall") in watch.told
    assert "shop-05" in watch.last.title


def test_a_shop_blocked_on_every_path_pages_before_its_hourly_check_has_run():
    hourly = replace(shop_check("order"), every=3600)
    watch = Watch(checks=(HOME, CHECKOUT, SEARCH, hourly)).run(hourly, WELL)
    for _ in range(6):
        for one in (HOME, CHECKOUT, SEARCH):
            watch.run(one, BLOCKED, after=10)
    assert ("opened", "oncall") in watch.told


def test_a_check_that_was_blocked_before_a_release_is_no_finding_of_it():
    watch = Watch().run(HOME, WELL).run(SEARCH, WELL).run(HOME, *[BLOCKED] * 5, after=60).wait(200)
    watch.release().run(HOME, BROKEN, *[BLOCKED] * 5, after=10).wait(60)
    assert ("opened", "oncall") not in watch.told


def test_an_end_that_was_not_written_before_a_kill_is_told_after_the_restart():
    """The incident is closed on the disk, and nobody has heard of it."""
    watch = Watch().fail(HOME).wait(5)
    (incident,) = watch.keeper.open.values()
    save_incident(watch.connection, replace(incident, closed=watch.now, closed_by="recovered.confirmed"))
    watch.start()
    watch.wait(2)
    assert watch.told == [("opened", "oncall"), ("recovered", "oncall")]
    watch.start()
    watch.wait(5)
    assert watch.told == [("opened", "oncall"), ("recovered", "oncall")]


def test_an_end_is_told_although_the_store_could_not_be_read_when_it_came():
    watch = Watch().fail(HOME).wait(5)
    watch.teller = Teller(watch.keeper, {}, Voice())  # after a restart, before a first look at the disk
    watch.teller.channels = frozenset({"oncall"})
    pending = Pending()
    for _ in range(2):
        watch.now += 10
        watch.keeper.take(Result(HOME, WELL, "r", watch.now, 0.0, 0.0), pending)
    watch.teller.look(Around(watch.now, watch.desk), pending)
    pending.write(watch.connection)
    watch.wait(2)
    assert watch.told == [("opened", "oncall"), ("recovered", "oncall")]
