"""How an answer tells its version: by each reader, on good answers and on others."""

from __future__ import annotations

import re

import pytest

from techrun.app.loading import load
from techrun.config.releases import Releases
from techrun.errors import ConfigError
from techrun.language.page import Page
from techrun.releases.identity.reading import UnreadableError, compile_readers, reading_problems

HTML = (("content-type", "text/html; charset=utf-8"),)
PAGE = b"""<html><head><title>Shop</title>
<meta name="app-version" content=" v812 "><meta property="og:commit" content="a1b9f3e">
<link rel="modulepreload" href="/static/vendor.55.js"><script src="/static/app.v812.js?x=1"></script>
<link rel="stylesheet" href="https://cdn.acme.example/static/version1731500000/frontend/main.css?v=812">
</head><body data-build="812"><footer class=version> v812
</footer></body></html>"""


def page(body=b"", status=200, headers=()):
    return Page(status, headers, body, "https://acme.example/")


def reader(**source):
    return compile_readers(Releases.model_validate({"version": source}))[0]


@pytest.mark.parametrize(
    ("source", "answer", "version"),
    [
        ({}, page(b'{"version": "v812"}'), "v812"),
        ({}, page(b'{"version": 812}'), "812"),
        ({"json": "$.build.id"}, page(b'{"build": {"id": "v812"}}'), "v812"),
        ({"header": "X-Version"}, page(headers=(("x-version", " v812 "),)), "v812"),
        ({"header": "X-Version"}, page(status=503, headers=(("x-version", "v812"),)), "v812"),
        ({"css": "footer.version"}, page(PAGE, headers=HTML), "v812"),
        ({"meta": "app-version"}, page(PAGE, headers=HTML), "v812"),
        ({"meta": "og:commit"}, page(PAGE, headers=HTML), "a1b9f3e"),
        ({"asset": "/static/app.*.js"}, page(PAGE, headers=HTML), "v812"),
        ({"asset": "/static/version*/frontend/main.css"}, page(PAGE, headers=HTML), "1731500000"),
        (
            {"asset": "https://cdn.acme.example/static/version*/frontend/main.css"},
            page(PAGE, headers=HTML),
            "1731500000",
        ),
        (
            {"asset": "/static/version1731500000/frontend/main.css?v=*"},
            page(PAGE, headers=HTML),
            "812",
        ),
        ({"regex": 'data-build="([0-9]+)"'}, page(PAGE, headers=HTML), "812"),
        ({"regex": r"v\d{3}"}, page(b"this is v812"), "v812"),
        ({"text": True}, page(b"v812\n"), "v812"),
    ],
)
def test_each_reader_finds_the_version(source, answer, version):
    assert reader(**source).read(answer) == (version, "")


@pytest.mark.parametrize(
    ("source", "answer", "why"),
    [
        ({}, page(b"nothing", status=404), "answers 404 to /release.json"),
        ({}, page(PAGE, headers=HTML), 'the page "Shop" .* is no JSON'),
        ({}, page(b'{"release": "v812"}'), r"json \$\.version of /release\.json matched nothing"),
        ({}, page(b'{"version": null}'), "matched nothing"),
        ({}, page(b'{"version": ["v812"]}'), "no single value"),
        ({}, page(b'{"version": true}'), "no single value"),
        ({}, page(b'{"version": ""}'), "finds nothing, no version"),
        ({"header": "X-Version"}, page(b"v812"), "header X-Version of / matched nothing"),
        ({"css": "p.version"}, page(PAGE, headers=HTML), "matched nothing"),
        ({"asset": "/static/shop.*.js"}, page(PAGE, headers=HTML), "matched nothing"),
        ({"text": True}, page(PAGE, headers=HTML), "is a web page"),
        ({"text": True}, page(b"v812\nbuilt today"), "no version"),
        ({"text": True}, page(b"x" * 5000), "5000 characters, no version"),
    ],
)
def test_an_answer_that_tells_no_version_is_told_as_such(source, answer, why):
    with pytest.raises(UnreadableError, match=why):
        reader(**source).read(answer)


def test_the_commit_is_read_in_the_same_answer():
    made = compile_readers(Releases.model_validate({"version": {}, "commit": {"json": "$.commit"}}))[0]
    assert made.read(page(b'{"version": "v812", "commit": "a1b9f3e"}')) == ("v812", "a1b9f3e")


def test_a_place_may_say_that_it_has_no_commit_but_not_that_it_has_no_version():
    made = compile_readers(Releases.model_validate({"version": {}, "commit": {"json": "$.commit"}}))[0]
    assert made.read(page(b'{"version": "v812", "commit": ""}')) == ("v812", "")
    with pytest.raises(UnreadableError):
        made.read(page(b'{"version": "", "commit": "0812bbb"}'))


@pytest.mark.parametrize(
    ("source", "url"),
    [
        ({}, "/release.json"),
        ({"text": True}, "/release.json"),
        ({"meta": "version"}, "/"),
        ({"asset": "/app.*.js"}, "/"),
        ({"header": "x-version"}, "/"),
        ({"header": "x-version", "url": "/release.json"}, "/release.json"),
    ],
)
def test_what_stands_on_every_page_is_read_on_the_home_page_unless_it_is_said_where(source, url):
    assert reader(**source).url == url


def test_magento_is_read_in_its_file_and_else_in_the_addresses_of_its_pages():
    readers = compile_readers(Releases.model_validate({"preset": "magento2"}))
    assert [each.url for each in readers] == [
        "/static/deployed_version.txt",
        "/pub/static/deployed_version.txt",
        "/",
    ]
    assert readers[0].read(page(b"1731500000", headers=(("content-type", "text/plain"),))) == (
        "1731500000",
        "",
    )
    assert readers[2].read(page(PAGE, headers=HTML)) == ("1731500000", "")


@pytest.mark.parametrize(
    ("releases", "path", "what"),
    [
        ({"version": {"json": "version"}}, ("version", "json"), "JSONPath"),
        ({"version": {"css": "p["}}, ("version", "css"), "no CSS selector"),
        ({"version": {"regex": "(v"}}, ("version", "regex"), "no regular expression"),
        ({"version": {"asset": "/app.js"}}, ("version", "asset"), r"needs one \*"),
        ({"version": {"asset": "/*/app.*.js"}}, ("version", "asset"), r"needs one \*"),
        ({"version": {"meta": 'a"]'}}, ("version", "meta"), "no name of a meta tag"),
        ({"version": {"url": "release.json"}}, ("version", "url"), "neither a path nor a web address"),
        (
            {"version": {}, "commit": {"url": "/commit", "text": True}},
            ("commit", "url"),
            "in the answer that tells the version",
        ),
        ({"version": {}, "preset": "magento2"}, ("preset",), "keep one|both say"),
        ({"commit": {"json": "$.c"}, "preset": "magento2"}, ("commit",), "Magento tells no commit"),
    ],
)
def test_a_reader_that_cannot_work_is_told_where_it_is_written(releases, path, what):
    (problem,) = reading_problems(Releases.model_validate(releases))
    assert problem.path == path
    assert re.search(what, problem.what), problem.what


def test_without_any_source_there_is_no_reader():
    assert compile_readers(Releases()) == ()


def test_validate_tells_a_bad_reader_at_its_line(tmp_path):
    (tmp_path / "techrun.yaml").write_text(
        "version: 1\nshop: acme\nurl: https://acme.example\nreleases:\n  version: {url: /, css: 'p['}\n"
        "checks:\n  - {name: home, http: /}\n"
    )
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "techrun.yaml")
    (problem,) = caught.value.problems
    assert "no CSS selector" in problem.what
    assert [(place.line, place.column) for place in problem.places] == [(5, 26)]


def test_templates_in_a_reader_are_filled_in_and_braces_of_patterns_are_left_alone(tmp_path):
    (tmp_path / "techrun.yaml").write_text(
        "version: 1\nshop: acme\nurl: https://acme.example\nreleases:\n"
        "  version: {url: '/${env.NO_SUCH:-acme}.txt', regex: 'build ([0-9]{3})$${x}?'}\n"
        "checks:\n  - {name: home, http: /}\n"
    )
    (made,) = compile_readers(load(tmp_path / "techrun.yaml").settings.shops[0].releases)
    assert made.url == "/acme.txt"
    assert made.words == "regex build ([0-9]{3})${x}? of /acme.txt"
