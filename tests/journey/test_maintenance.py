"""A platform's maintenance page is told from a shop that is broken by what the page itself says."""

from __future__ import annotations

import pytest

from techrun.exchange import Response
from techrun.journey.maintenance import maintenance_page
from techrun.model import Reason, Status

APACHE = """<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN"><html><head><title>503 Service Unavailable</title></head>
<body><h1>Service Unavailable</h1><p>The server is temporarily unable to service your request due to maintenance
downtime or capacity problems. Please try again later.</p></body></html>"""
NGINX = """<html><head><title>503 Service Temporarily Unavailable</title></head>
<body><center><h1>503 Service Temporarily Unavailable</h1></center><hr><center>nginx</center></body></html>"""


def magento(heading, text):
    return f"""<!doctype html><html><head><title>Error 503: Service Unavailable</title>
<base href="https://www.acme.example/errors/default/" /><link rel="stylesheet" href="css/styles.css" /></head>
<body><main class="page-main"><div class="page-title"><h1>{heading}</h1></div><p>{text}</p></main></body></html>"""


def titled(title, heading="Back soon"):
    return f"<html><head><title>{title}</title></head><body><h1>{heading}</h1></body></html>"


def answer(body, status=503, **headers):
    pairs = (("content-type", "text/html"), *headers.items())
    return Response(status, tuple((name.replace("_", "-"), value) for name, value in pairs), body.encode())


MAGENTO = magento(
    "Service Temporarily Unavailable", "Unavailable due to maintenance downtime or capacity problems."
)
WORDPRESS = """<title>Maintenance</title><body id="error-page"><div class="wp-die-message">Briefly unavailable for
scheduled maintenance. Check back in a minute.</div></body>""".replace("\n", " ")
SHOPWARE = (
    '<body class="is-ctl-maintenance is-act-rendermaintenancepage"><h1>Wir sind gleich zurück</h1></body>'
)
PRESTASHOP = (
    '<h1>We\'ll be back soon.</h1><section id="content" class="page-content page-maintenance"></section>'
)


@pytest.mark.parametrize(
    ("body", "whose"),
    [
        pytest.param(MAGENTO, "Magento's", id="magento"),
        pytest.param(WORDPRESS, "WordPress's", id="wordpress, without Retry-After"),
        pytest.param(SHOPWARE, "Shopware's", id="shopware"),
        pytest.param(
            '<img src="/bundles/storefront/assets/illustration/maintenance_mode.svg">', "Shopware's",
            id="shopware's picture",
        ),
        pytest.param(PRESTASHOP, "PrestaShop's", id="prestashop"),
    ],
)  # fmt: skip
def test_the_page_of_a_platform_is_recognised_and_named(body, whose):
    assert maintenance_page(answer(body)) == f"{whose} maintenance page"


@pytest.mark.parametrize(
    "title",
    [
        "Site under maintenance",
        "MAINTENANCE",
        "Wartungsarbeiten",
        "En mantenimiento",
        "Botiga en manteniment",
        "Manutenzione in corso",
        "Em manutenção",
        "Em manuten&ccedil;&atilde;o",
        "Onderhoud",
        "Underhåll pågår",
        "Vedligeholdelse",
        "Przerwa techniczna",
        "Údržba obchodu",
        "Karbantartás",
        "Σε συντήρηση",
        "Технические работы",
        "メンテナンス中",
    ],
)
def test_a_page_whose_title_or_heading_announces_maintenance_is_recognised_in_many_languages(title):
    assert maintenance_page(answer(titled(title), retry_after="3600")) == "a maintenance page"
    assert maintenance_page(answer(titled("Acme", heading=title), retry_after="600")) == "a maintenance page"


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(answer(NGINX), id="nginx"),
        pytest.param(answer(NGINX, retry_after="5"), id="nginx that asks to come back"),
        pytest.param(answer(APACHE, retry_after="5"), id="apache, which always speaks of maintenance"),
        pytest.param(
            answer(magento("There has been an error processing your request", "Error log record number: 1")),
            id="magento's page for an error",
        ),
        pytest.param(answer(titled("Maintenance")), id="a friendly error page: nobody says how long"),
        pytest.param(answer(titled("Acme", "We are busy"), retry_after="5"), id="too many customers"),
        pytest.param(answer("", retry_after="3600"), id="no page at all"),
        pytest.param(answer(MAGENTO, status=200), id="another status"),
        pytest.param(answer(titled("Maintenance"), status=500, retry_after="60"), id="an error"),
        pytest.param(
            answer("<title>Acme</title>" + "x" * 70_000 + titled("Maintenance"), retry_after="9"),
            id="far behind the beginning",
        ),
    ],
)
def test_a_shop_that_is_broken_shows_no_maintenance_page(found):
    assert maintenance_page(found) == ""


@pytest.fixture
def visit(shop):
    """The outcome of one page, after the checks of its step."""

    def play(*answers, rest="expect: {css: {h1: {exists: true}}}"):
        return shop.play(shop.compiled(f"steps: [{{step: home, get: /, {rest}}}]"), list(answers)).outcome

    return play


def test_maintenance_is_down_for_a_reason_of_its_own(visit):
    outcome = visit(answer(MAGENTO))
    assert (outcome.status, outcome.reason, outcome.step) == (Status.DOWN, Reason.MAINTENANCE, "home")
    assert outcome.message == "Magento's maintenance page (status 503) at https://shop.example/"


def test_a_challenge_comes_before_maintenance(visit):
    challenge = answer(titled("Maintenance") + '<div class="g-recaptcha"></div>', retry_after="60")
    assert visit(challenge).reason is Reason.BLOCKED


def test_a_plain_503_is_still_a_status(visit):
    assert visit(answer(APACHE)).reason is Reason.STATUS


def test_whoever_expects_the_page_gets_it(visit):
    assert (
        visit(answer(MAGENTO), rest="expect: {status: 503, text: {contains: Temporarily}}").status
        is Status.UP
    )


def test_wrong_test_data_are_no_explanation(visit):
    assert visit(answer(MAGENTO), rest="fixture: true, expect: {css: {h1: Hi}}").reason is Reason.MAINTENANCE


def test_a_step_that_is_tried_again_on_5xx_waits_for_a_short_maintenance(visit):
    rest = "retry: {times: 1, wait: 1s, on: [5xx]}, expect: {css: {h1: {exists: true}}}"
    assert visit(answer(MAGENTO), answer("<h1>Hello</h1>", status=200), rest=rest).status is Status.UP
