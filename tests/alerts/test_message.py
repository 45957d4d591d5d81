"""The message, as a person reads it: its golden files are the specification."""

from __future__ import annotations

import html
import logging
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import html as markup

from techrun.alerts.message import compose, html_with_attempt, trial_message, with_attempt
from techrun.alerts.rendering import BODY, HTML
from techrun.alerts.samples import FULL, OPENED, OUTAGE, PAYMENT, SAMPLES, incident_of
from techrun.alerts.titles import TITLE

GOLDEN = Path(__file__).parent.parent / "golden" / "alerts"
IN_HTML = (
    "outage-opened",
    "outage-recovered",
    "outage-under-load",
    "storm-opened",
    "leak-opened",
    "outage-opened-template-broken",
)
"""Messages whose HTML has a golden file, too."""


def message_of(sample, attempt=1, templates=None):
    message = compose(
        sample.event,
        sample.incident,
        "oncall",
        sample.context,
        sample.now,
        nth=sample.nth,
        stands_for=sample.stands_for,
        templates=templates,
    )
    return replace(message, attempt=attempt)


def broken_folder(tmp_path):
    folder = tmp_path / "templates"
    folder.mkdir()
    for form in ("txt", "html"):
        (folder / f"opened.{form}").write_text("ours: {{ headline }}\n{{ sevrity }}\n")
    return folder


def golden_messages(folder):
    messages = {name: message_of(sample) for name, sample in SAMPLES.items()}
    opened = SAMPLES["outage-opened"]
    broken = message_of(opened, templates=folder)
    shorter = {form: getattr(broken, form).replace(str(folder), "templates") for form in ("body", "html")}
    return messages | {
        "outage-opened-retried": message_of(opened, attempt=3),
        "outage-opened-template-broken": replace(broken, **shorter),
        "trial": trial_message("oncall", OPENED),
    }


NAMES = [*SAMPLES, "outage-opened-retried", "outage-opened-template-broken", "trial"]


@pytest.mark.parametrize("name", NAMES)
def test_a_message_reads_as_its_golden_file(name, tmp_path):
    message = golden_messages(broken_folder(tmp_path))[name]
    assert f"{message.title}\n\n{with_attempt(message)}\n" == (GOLDEN / f"{name}.txt").read_text()


@pytest.mark.parametrize("name", IN_HTML)
def test_its_html_is_that_of_its_golden_file(name, tmp_path):
    message = golden_messages(broken_folder(tmp_path))[name]
    assert html_with_attempt(message) == (GOLDEN / f"{name}.html").read_text()


def test_every_golden_file_belongs_to_a_message():
    assert {path.stem for path in GOLDEN.glob("*.txt")} == set(NAMES)
    assert {path.stem for path in GOLDEN.glob("*.html")} == set(IN_HTML)


def facts_told(name):
    """What the sample has to say: each fact that is text, apart from what only one of the forms says."""
    from techrun.alerts.facts import facts_of

    sample = SAMPLES[name]
    facts = facts_of(sample.event, sample.incident, sample.context, sample.now, nth=sample.nth)
    silent = ("event", "kind", "severity", "shop", "client", "headline")
    told = {key: value for key, value in facts.variables().items() if isinstance(value, str) and value}
    return {key: value for key, value in told.items() if key not in silent} | dict(enumerate(facts.parts))


@pytest.mark.parametrize("name", SAMPLES)
def test_text_and_html_tell_the_same_facts(name):
    message = message_of(SAMPLES[name])
    tree = markup.fromstring(message.html)
    shown = " ".join(" ".join([*tree.itertext(), *tree.xpath("//@href")]).split())
    body = " ".join(message.body.split())
    for key, fact in facts_told(name).items():
        if key == "lasted" and fact not in message.body:
            continue  # said only once it goes on
        if key == "ack_link" and SAMPLES[name].context.acknowledged:
            assert fact not in body
            assert fact not in shown
            continue
        if key == "lost_method" and "at_risk_method" in facts_told(name):
            continue  # it is the same one
        assert fact in body, key
        assert fact in shown, key


@pytest.mark.parametrize("name", SAMPLES)
def test_html_loads_nothing_from_elsewhere_and_runs_nothing(name):
    tree = markup.fromstring(message_of(SAMPLES[name]).html)
    assert not tree.xpath("//img | //script | //link | //iframe | //object | //form | //@src | //@onclick")
    assert "url(" not in tree.xpath("string(//style)")


HOSTILE = '<script>alert("x")</script><a href="https://evil.example">pay</a>'


def test_what_a_shop_says_is_text_in_html_whatever_it_is():
    lead = replace(PAYMENT, step=HOSTILE, message=HOSTILE, excerpt=HOSTILE)
    incident = incident_of("outage", lead)
    tree = markup.fromstring(compose("opened", incident, "oncall", FULL, OPENED).html)
    assert not tree.xpath("//script")
    assert "https://evil.example" not in tree.xpath("//@href")
    assert "<script>" in tree.text_content()


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.text(), st.text(), st.text(), st.lists(st.text(), max_size=30))
def test_whatever_a_shop_says_a_message_stays_bounded_its_title_one_line(step, said, excerpt, names):
    lead = replace(PAYMENT, step=step, message=said, excerpt=excerpt)
    context = replace(FULL, up=tuple(names), test_orders=tuple(names))
    message = compose("opened", incident_of("outage", lead), "oncall", context, OPENED)
    assert len(message.title) <= TITLE
    assert len(message.body) <= BODY
    assert 0 < len(message.html) <= HTML
    assert message.title.isprintable()


def test_what_is_too_long_is_spared_before_the_acknowledge_link():
    long = "&" * 5000
    lead = replace(PAYMENT, message=long, excerpt=long, step=long)
    context = replace(
        FULL,
        up=(long,),
        test_orders=(long,),
        shop=replace(FULL.shop, rollback=long),
        ack_link="https://a.example",
    )
    incident = replace(
        OUTAGE, members=(lead, *(replace(lead, check=PAYMENT.check) for _ in range(40))), text=long
    )
    message = compose("opened", incident, "oncall", context, OPENED)
    assert "Ack https://a.example" in message.body
    assert len(message.body) <= BODY
    assert len(message.html) <= HTML


def test_the_title_of_the_end_is_that_of_the_beginning_between_what_it_is_and_how_long_it_lasted():
    lead = replace(PAYMENT, step="a step with a rather long name", message="expected " + "x" * 200)
    opened = incident_of("outage", lead)
    closed = replace(opened, closed=opened.since + 364 * 86_400)
    title = compose("recovered", closed, "oncall", FULL, closed.closed).title
    assert title == f"[OK] {opened.title} - over after 364d"
    assert len(title) <= TITLE


def test_a_title_of_an_older_version_that_is_too_long_is_cut_before_its_end():
    closed = replace(OUTAGE, title="x" * 300, closed=OUTAGE.since + 60)
    title = compose("recovered", closed, "oncall", FULL, OPENED).title
    assert title.endswith("… - over after 1m")
    assert len(title) == TITLE


def test_the_attempt_stands_in_the_html_of_a_template_without_a_body_too():
    message = replace(trial_message("oncall", OPENED), html="<b>hm", attempt=2)
    assert re.search(
        r"<b>hm<p [^>]*>message 0-trial-oncall, attempt 2, first tried 2026-", html_with_attempt(message)
    )
    assert html_with_attempt(replace(message, html="")) == ""


def write(folder, **files):
    for name, text in files.items():
        stem, _, form = name.rpartition("_")
        (folder / f"{stem}.{form}").write_text(text)
    return folder


OPENED_SAMPLE = SAMPLES["outage-opened"]


def test_a_template_of_the_users_replaces_that_of_one_event(tmp_path):
    folder = write(tmp_path, opened_txt="{{ severity }} en {{ shop }}: {{ found or incident.lead.message }}")
    assert message_of(OPENED_SAMPLE, templates=folder).body == "page en acme-es: expected 200, got 502"
    assert message_of(SAMPLES["outage-reminder"], templates=folder) == message_of(SAMPLES["outage-reminder"])


def test_a_template_called_message_replaces_that_of_all_events_and_may_include_others(tmp_path):
    folder = write(
        tmp_path, message_html="<b>{{ headline }}</b>{% include '_foot.html' %}", _foot_html="<i>&bull;</i>"
    )
    message = message_of(OPENED_SAMPLE, templates=folder)
    assert message.html == f"<b>{html.escape(message.title).replace('&quot;', '&#34;')}</b><i>&bull;</i>"
    assert message.body == message_of(OPENED_SAMPLE).body


def test_a_template_that_is_changed_counts_from_the_next_message_on(tmp_path):
    import os

    folder = write(tmp_path, opened_txt="one")
    assert message_of(OPENED_SAMPLE, templates=folder).body == "one"
    write(tmp_path, opened_txt="two")
    os.utime(folder / "opened.txt", (1, 1))
    assert message_of(OPENED_SAMPLE, templates=folder).body == "two"


BROKEN = {
    "misspelt": ("\n\n{{ sevrity }}", "opened.txt, line 3: 'sevrity' is undefined"),
    "syntax": ("a\n{% if %}", "opened.txt, line 2: Expected an expression"),
    "fault": ("{{ 1 / 0 }}", "opened.txt, line 1: division by zero"),
    "insides": ("{{ ''.__class__.__mro__ }}", "opened.txt, line 1: access to attribute '__class__'"),
    "include": ("{% include 'foot.txt' %}", "opened.txt, line 1: there is no template foot.txt"),
    "endless": ("{% include 'opened.txt' %}", "opened.txt, line 1: maximum recursion depth"),
    "silent": ("{# later #}", "opened.txt says nothing of opened"),
    "bytes": (b"\xff", "opened.txt: 'utf-8' codec can't decode"),
}


@pytest.mark.parametrize(("text", "problem"), BROKEN.values(), ids=BROKEN)
def test_a_broken_template_loses_no_alert_and_is_told_in_body_and_log(tmp_path, caplog, text, problem):
    (tmp_path / "opened.txt").write_bytes(text if isinstance(text, bytes) else text.encode())
    ours = message_of(OPENED_SAMPLE)
    with caplog.at_level(logging.ERROR):
        message = message_of(OPENED_SAMPLE, templates=tmp_path)
    body, _, footer = message.body.rpartition("\n")
    assert body == ours.body
    assert footer.startswith(f"techrun's own template was used: {tmp_path}/{problem}")
    assert problem in caplog.text
    assert (message.title, message.html) == (ours.title, ours.html)


def test_html_of_the_users_that_is_too_long_gives_way_to_ours(tmp_path):
    folder = write(tmp_path, opened_html="{{ 'x' * 30000 }}")
    message = message_of(OPENED_SAMPLE, templates=folder)
    assert "Acknowledge" in message.html
    assert "opened makes 30,000 characters of HTML, at most 20,000 go out" in html.unescape(message.html)


def test_a_folder_of_templates_that_is_gone_is_as_none(tmp_path):
    assert message_of(OPENED_SAMPLE, templates=tmp_path / "gone") == message_of(OPENED_SAMPLE)
