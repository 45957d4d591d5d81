"""How an answer tells its version: compiled from the settings, with every mistake at its place. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from techrun.config.releases import Releases, VersionSource
from techrun.errors import ConfigError, Problem
from techrun.journey.addresses import BadAddressError, resolve
from techrun.language.definition import Path
from techrun.language.errors import PageError, SelectorError, TemplateError
from techrun.language.extract import compile_extractor
from techrun.language.page import Page
from techrun.language.words import shorten

LONGEST = 200
"""Characters of a version; what is longer is none."""
HOME = "/"
OF_PAGES = frozenset({"header", "css", "meta", "asset"})
"""Readers that suit every page of a shop: without a `url` they read the home page."""

_META = re.compile(r"[\w:.-]+\Z", re.ASCII)
_NAMED = "link[href], script[src], img[src]"

Take = Callable[[Page], list[Any]]
"""The values that are found, at most one; raises `PageError`."""


class UnreadableError(Exception):
    """An answer that tells no version; the text says why."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Where one answer tells what runs there, and how it is read."""

    url: str
    """A path, or a whole address."""
    words: str
    """The source for people: `json $.version of /release.json`."""
    version: Take | None
    commit: Take | None
    any_status: bool = False
    """A header tells it also beside an error."""
    whole: bool = False
    """The body is nothing but the version: a web page is none."""

    def read(self, page: Page) -> tuple[str, str]:
        """Version and commit, empty where there is no source of it; raises `UnreadableError`."""
        if not self.any_status and not 200 <= page.status < 300:
            raise UnreadableError(f"it answers {page.status} to {self.url}")
        if self.whole and page.is_html:
            raise UnreadableError(f"{self.url} is a web page, {page.describe().removeprefix('the page ')}")
        return self._value(self.version, page), self._value(self.commit, page, may_lack=True)

    def _value(self, take: Take | None, page: Page, *, may_lack: bool = False) -> str:
        """What is found; `may_lack`: a place may say that it has none."""
        if take is None:
            return ""
        try:
            found = take(page)
        except PageError as error:
            raise UnreadableError(f"{self.words}: {error}") from None
        value = found[0] if found else None
        if value is None or isinstance(value, bool | list | dict):
            what = f"matched nothing on {page.describe()}" if value is None else "finds no single value"
            raise UnreadableError(f"{self.words} {what}")
        text = str(value).strip()
        if not text and may_lack:
            return ""
        if not text or len(text) > LONGEST or "\n" in text:
            size = f"{len(text)} characters" if text else "nothing"
            raise UnreadableError(f"{self.words} finds {size}, no version")
        return text


_MAGENTO = (
    Reader(
        "/static/deployed_version.txt",
        "/static/deployed_version.txt",
        lambda page: [page.text],
        None,
        whole=True,
    ),
    Reader(
        "/pub/static/deployed_version.txt",
        "/pub/static/deployed_version.txt",
        lambda page: [page.text],
        None,
        whole=True,
    ),
)
PRESETS: Mapping[str, tuple[Reader, ...]] = {"magento2": _MAGENTO}
"""By platform, the readers to try in turn; its pages name the version of their files too (see `_readers_of`)."""
_MAGENTO_FILES = r"/static/version([^/\"']+)/"


def compile_readers(releases: Releases) -> tuple[Reader, ...]:
    """The readers of a shop, to be tried in turn; none where nothing says it. Raises `ConfigError`."""
    problems = list(reading_problems(releases))
    if problems:
        raise ConfigError(problems)
    if releases.version is None and releases.preset is not None:
        return (*PRESETS[releases.preset], *_of_files(releases.preset))
    if releases.version is None and releases.commit is None:
        return ()
    return (_reader(releases.version, releases.commit),)


def reading_problems(releases: Releases) -> Iterator[Problem]:
    """What is wrong with how the version and the commit are read."""
    for key, source in (("version", releases.version), ("commit", releases.commit)):
        if source is not None:
            yield from _problems_of(releases, key, source)
    yield from _contradictions(releases)


def _contradictions(releases: Releases) -> Iterator[Problem]:
    """Settings that say different things of one answer."""
    commit = releases.commit
    if releases.preset is not None and releases.version is not None:
        what = "`preset` and `version` both say where the version is"
        yield releases.problem(("preset",), what, "keep one of them")
    elif releases.preset is not None and commit is not None:
        yield releases.problem(
            ("commit",), "Magento tells no commit", "write `version:` in place of `preset:`"
        )
    elif releases.version is not None and commit is not None and "url" in commit.model_fields_set:
        what = "the commit is read in the answer that tells the version"
        yield releases.problem(("commit", "url"), what, "leave its `url` out")


def _problems_of(releases: Releases, key: str, source: VersionSource) -> Iterator[Problem]:
    reader, argument = _how(key, source)
    path: Path = (key, reader) if source.says_how else (key,)
    try:
        _take(reader, argument)
    except (SelectorError, TemplateError) as error:
        yield releases.problem(path, error.what, error.hint)
    if not source.url.startswith(("/", "http://", "https://")):
        what = f"{shorten(source.url, 60)!r} is neither a path nor a web address"
        yield releases.problem((key, "url"), what, "write /release.json")
        return
    try:
        resolve("https://shop.invalid", source.url)
    except BadAddressError as error:
        yield releases.problem((key, "url"), str(error), "write /release.json")


def _how(key: str, source: VersionSource) -> tuple[str, str]:
    """How it is read, and by which argument; the JSON's `version` or `commit` where nothing is said."""
    return source.reader if source.says_how else ("json", f"$.{key}")


def _of_files(preset: str) -> tuple[Reader, ...]:
    """What the addresses of a platform's files say, read on the home page: the last resort."""
    taken = _take("regex", _MAGENTO_FILES)
    return (Reader(HOME, "/static/version…/ in the addresses of its files", taken, None),) if preset else ()


def _reader(version: VersionSource | None, commit: VersionSource | None) -> Reader:
    written = {key: each for key, each in (("version", version), ("commit", commit)) if each is not None}
    how = {key: _how(key, source) for key, source in written.items()}
    first = next(iter(written))
    url = written[first].url
    if "url" not in written[first].model_fields_set and how[first][0] in OF_PAGES:
        url = HOME
    kinds = {reader for reader, _ in how.values()}
    return Reader(
        url,
        f"{' and '.join(' '.join(each).strip() for each in how.values())} of {url}",
        _take(*how["version"]) if version else None,
        _take(*how["commit"]) if commit else None,
        any_status=kinds == {"header"},
        whole="text" in kinds,
    )


def _take(reader: str, argument: str) -> Take:
    """The function of a reader; raises `SelectorError`, `TemplateError`."""
    if reader == "text":
        return lambda page: [page.text]
    if reader == "asset":
        return _asset(argument)
    if reader == "meta":
        if not _META.match(argument):
            raise SelectorError(f"{shorten(argument, 60)!r} is no name of a meta tag", "write app-version")
        selector = f'meta[name="{argument}"], meta[property="{argument}"]'
        extractor = compile_extractor("css", selector, attr="content")
    else:
        # Templates are filled in by now: what is left of them is meant as it stands.
        extractor = compile_extractor(reader, argument.replace("${", "$${"))
    return lambda page: extractor.first(page, {})


def _asset(pattern: str) -> Take:
    """What `*` stands for in the name of the first asset that fits."""
    if pattern.count("*") != 1:
        raise SelectorError(f"{shorten(pattern, 60)!r} needs one *, where the version stands")
    before, after = pattern.split("*")
    name = re.compile(f"{re.escape(before)}([^/?]+?){re.escape(after)}")
    whole, with_query = "://" in pattern, "?" in pattern

    def take(page: Page) -> list[Any]:
        for node in page.html.css(_NAMED):
            written = node.attributes.get("href") or node.attributes.get("src") or ""
            found = name.fullmatch(_part(page.url, written, whole=whole, with_query=with_query))
            if found:
                return [found[1]]
        return []

    return take


def _part(base: str, written: str, *, whole: bool, with_query: bool) -> str:
    """The part of an asset's address that a pattern is about; empty for what is no address."""
    try:
        parts = urlsplit(urljoin(base, written.strip()))
    except ValueError:
        return ""
    start = f"{parts.scheme}://{parts.netloc}" if whole else ""
    query = f"?{parts.query}" if with_query and parts.query else ""
    return start + parts.path + query
