"""The page in a real browser without a network: wide, on a phone, dark and printed; and axe-core's opinion of it."""

from __future__ import annotations

import shutil

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from techrun.load.report import html

pytestmark = [pytest.mark.system("chromium"), pytest.mark.timeout(180)]

WIDTHS = {"wide": 1280, "phone": 360}
SEEN = ("pass", "regressed", "breakpoint", "sixty steps", "hostile", "empty")
LETTERS = "document.querySelectorAll('.plot span, .legend li, th, td, dd, h1, h2, h3, p, li')"


@pytest.fixture(scope="module")
def browser():
    """Chromium of the system, driven over its debugging protocol."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield started
        started.close()


class Opened:
    """A report in a window of its own, and all that the page asked for or complained of."""

    def __init__(self, browser, path, width, colors):
        self.context = browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme=colors, offline=True
        )
        self.page = self.context.new_page()
        self.asked: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto(path.as_uri())


@pytest.fixture
def opened(browser, run_named, tmp_path):
    """Opens the report of a run, from a file."""
    windows = []

    def open_(name, width, colors="light"):
        path = tmp_path / "report.html"
        path.write_text(html.render(*run_named(name)), "utf-8")
        windows.append(Opened(browser, path, width, colors))
        return windows[-1]

    yield open_
    for window in windows:
        window.context.close()


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
@pytest.mark.parametrize("name", SEEN)
def test_a_report_opens_without_a_network_and_needs_no_scrolling_sideways(name, width, opened):
    window = opened(name, width)
    assert [url.rpartition("/")[2] for url in window.asked] == ["report.html"]
    assert window.complaints == []
    assert window.page.evaluate("document.documentElement.scrollWidth") <= width
    window.page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert window.page.evaluate("document.documentElement.scrollWidth") <= width


LOOKED_AT = [
    ("regressed", 1280, "light"), ("regressed", 1280, "dark"), ("pass", 360, "light"), ("breakpoint", 360, "dark"),
    ("invalid", 1280, "dark"), ("empty", 1280, "light"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "width", "colors"), LOOKED_AT, ids=str)
def test_axe_finds_nothing_to_object_to(name, width, colors, opened):
    page = opened(name, width, colors).page
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    found = Axe().run(page).response
    assert len(found["passes"]) > 10
    assert [(rule["id"], rule["impact"], rule["nodes"][0]["html"]) for rule in found["violations"]] == []


def test_it_is_dark_where_the_reader_likes_it_dark_but_never_on_paper(opened):
    page = opened("pass", 1280, "dark").page
    ground = "getComputedStyle(document.body).backgroundColor"
    ink = "getComputedStyle(document.body).color"
    assert page.evaluate(ground) == "rgb(21, 24, 28)"
    page.emulate_media(media="print")
    assert page.evaluate(ink) == "rgb(28, 33, 39)"


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_letters_keep_their_size_in_charts_however_narrow(width, opened):
    page = opened("pass", width).page
    sizes = page.evaluate(f"[...{LETTERS}].map(one => parseFloat(getComputedStyle(one).fontSize))")
    assert min(sizes) >= 12


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
@pytest.mark.parametrize("name", ["pass", "breakpoint", "sixty steps"])
def test_no_two_marks_of_an_axis_lie_on_each_other(name, width, opened):
    page = opened(name, width).page
    touching = page.evaluate(
        """() => [...document.querySelectorAll('.along, .up, .forest-axis')].flatMap(axis => {
            if (axis.closest('thead') && innerWidth < 700) return [];  // heads of tables are hidden on a phone
            const boxes = [...axis.children].map(one => one.getBoundingClientRect()).filter(box => box.width);
            return boxes.flatMap((one, at) => boxes.slice(at + 1).filter(other =>
                one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom
            ).map(() => axis.textContent));
        })"""
    )
    assert touching == []


def test_on_paper_it_is_a_few_pages_with_nothing_folded_away(opened):
    page = opened("regressed", 1280).page
    paper = page.pdf(prefer_css_page_size=True, print_background=True)
    assert 3 <= paper.count(b"/Type /Page\n") <= 9
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 690, "height": 1000})
    assert page.evaluate("document.documentElement.scrollWidth") <= 690
    assert not page.locator("nav").is_visible()
