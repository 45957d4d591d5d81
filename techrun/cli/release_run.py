"""What `techrun release verify` does with its options: one verification, its reports, its exit code."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from techrun.app.interrupts import handled
from techrun.cli.extras import check_extra
from techrun.cli.options import set_up_logging
from techrun.cli.session import token, whoami
from techrun.cli.show.console import make_console
from techrun.errors import ExitCode, TechrunError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from techrun.app.loading import Loaded
    from techrun.app.release_verify import Finished, VerifyWish
    from techrun.config.settings import ShopSettings
    from techrun.releases.acting import Reactions
    from techrun.releases.keeping import Book


def run_and_tell(version: str, options: dict[str, Any]) -> int:
    """Verify the release; the verdict's exit code."""
    set_up_logging(quiet=options["quiet"], verbose=options["verbose"])
    with handled() as interrupts:
        with interrupts.deferred():
            _check(options)
            from techrun.app.release_secrets import load_for_release
            from techrun.app.release_verify import Around, verify
            from techrun.cli.show.release_live import onlooker
            from techrun.cli.show.release_result import show_verification

            loaded, shop = load_for_release(options["config"], options["shop"])
            book = _book(loaded, options)
        console = make_console(color=options["color"], stderr=True)
        with onlooker(console, f"{version} of {shop.name}", quiet=options["quiet"]) as watching:
            around = Around(watching, interrupts, book, _reactions(loaded, shop, options))
            finished = verify(loaded, shop, _wish(version, options), around)
        told = _tell(finished, options, show_verification)
    return int(_code(finished, options, told=told))


def _check(options: dict[str, Any]) -> None:
    """A usage error where packages are missing, or a report cannot be written: asked before the bake."""
    check_extra("release", "the judge needs")
    if options["reports"]:
        from techrun.app.release_reports import check_report

        for form, path in options["reports"]:
            check_report(form, path)


def _book(loaded: Loaded, options: dict[str, Any]) -> Book:
    from techrun.app.book import book_in, book_of

    server = options["server"]
    loaded.settings.redactor.add(token())  # a command of --on-fail has our environment, and may print it
    return book_of(options["config"], server, token()) if server else book_in(loaded)


def _reactions(loaded: Loaded, shop: ShopSettings, options: dict[str, Any]) -> Reactions:
    """What the verdict moves; a report alone moves nothing, and is drawn all the same.

    Who hears of a failure by a webhook may well take the release back because of it.
    """
    from techrun.releases.acting import Reactions

    if options["report_only"]:
        return Reactions(grafana=loaded.settings.grafana)
    return Reactions(
        on_fail=options["on_fail"],
        on_fail_timeout=options["on_fail_timeout"],
        webhooks=shop.releases.webhooks,
        grafana=loaded.settings.grafana,
    )


def _wish(version: str, options: dict[str, Any]) -> VerifyWish:
    from techrun.app.release_verify import VerifyWish

    said = {name: options[name] for name in ("nodes", "settle", "bake", "every", "samples")}
    return VerifyWish(version=version, by=whoami(), **said)


def _tell(finished: Finished, options: dict[str, Any], show: Callable[..., None]) -> bool:
    """The reports that were asked for, then the result on stdout; whether all of them were written."""
    written = [_written(finished, form, path) for form, path in options["reports"]]
    verification = finished.verification
    if options["format_"] == "json":
        from techrun.wire import to_json

        click.echo(json.dumps(to_json(verification), ensure_ascii=False))
    else:
        console = make_console(color=options["color"])
        show(verification, console, verbose=options["verbose"] > 0)
    return all(written)


def _written(finished: Finished, form: str, path: Path | None) -> bool:
    """Write a report; what goes wrong with it is told, and never hides the verdict."""
    from techrun.app.release_reports import write_report

    try:
        write_report(finished.verification, form, path)
    except (TechrunError, OSError) as error:
        click.echo(f"techrun: {error}", err=True)
        return False
    return True


def _code(finished: Finished, options: dict[str, Any], *, told: bool) -> ExitCode:
    """The verdict's; a green one is our own error where it was not kept or a report is missing."""
    verdict = finished.verification.verdict
    if finished.interrupted:
        return ExitCode.INTERRUPTED
    if finished.fault is not None or verdict is None:
        if finished.fault is not None:
            click.echo(f"techrun: {finished.fault}", err=True)
        return ExitCode.INTERNAL
    code = _CODES[verdict.value]
    if verdict.value == "inconclusive" and options["on_inconclusive"] == "fail":
        code = ExitCode.FAILED
    elif verdict.value == "inconclusive" and options["on_inconclusive"] == "pass" and verdict.evaluated:
        code = ExitCode.OK
    if options["report_only"]:
        code = ExitCode.OK
    return code if told and not finished.lost else code or ExitCode.INTERNAL


_CODES = {"pass": ExitCode.OK, "fail": ExitCode.FAILED, "inconclusive": ExitCode.CANNOT_TELL}
