"""What `techrun load run` does with its options: one test, its report, its exit code."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from techrun.app import load_files as files
from techrun.app.interrupts import Interrupts, handled
from techrun.app.load_asking import asking
from techrun.app.load_scenarios import Source, find
from techrun.app.load_target import Aim, Target, target_of, two_releases
from techrun.app.loading import Loaded, load_for_journeys
from techrun.app.loads import loads_at
from techrun.cli.extras import check_extra
from techrun.cli.load_asked import asked_of
from techrun.cli.options import set_up_logging
from techrun.cli.session import token
from techrun.cli.show.console import make_console
from techrun.cli.show.load_live import onlooker
from techrun.cli.show.load_result import show_result
from techrun.errors import ExitCode, TechrunError
from techrun.load.job import Wishes
from techrun.load.report import junit, markdown
from techrun.wire import to_json

if TYPE_CHECKING:
    from techrun.app.load_drive import Onlooker
    from techrun.app.loadtest import Around, Finished, LoadWish
    from techrun.load.records import Run

LOCUST_PORT = 5557
"""Where workers on other machines look for their master, if nothing else is said."""


def run_and_tell(scenario: str, options: dict[str, Any]) -> int:
    """Run the test; the verdict's exit code. What is refused is told before numpy and scipy are imported."""
    set_up_logging(quiet=options["quiet"], verbose=options["verbose"])
    with handled() as interrupts:
        with interrupts.deferred():
            _check(options)
            source, loaded = find(scenario), load_for_journeys(options["config"])
            target = two_releases(target_of(loaded.settings, aim_of(options)))
        console = make_console(color=options["color"], stderr=True)
        title = f"{source.name} of {target.shop.name} at {target.hosts['new']}"
        with onlooker(console, title, quiet=options["quiet"]) as watching:
            with interrupts.deferred():
                from techrun.app.loadtest import load_test

            around = _around(loaded, target, options, interrupts, watching)
            finished = load_test(loaded, target, wish_of(source, options), around)
        told = _tell(finished, options)
    return int(_code(finished, options, told=told))


def _check(options: dict[str, Any]) -> None:
    """A usage error where options exclude each other, or where a report cannot be written."""
    check_extra("load", "load tests need")
    if options["rate"] is not None and options["users"] is not None:
        raise click.UsageError("--rate (visitors arrive) and --users (so many at a time) exclude each other")
    if options["baseline_release"] and not options["baseline_url"]:
        raise click.UsageError("--baseline-release names what runs at --baseline-url, which is missing")
    for name in ("html", "json_", "junit", "markdown", "textfile"):
        if options[name] is not None:
            files.check_writable(options[name])


def _around(
    loaded: Loaded, target: Target, options: dict[str, Any], interrupts: Interrupts, watching: Onlooker
) -> Around:
    from techrun.app.loadtest import Around
    from techrun.load.publishing import published

    secret, server = token(), options["server"]
    store = loaded.settings.store
    kept = loads_at(store, folder=options["store"], server="" if options["store"] else server, token=secret)
    told = loads_at(store, server=server, token=secret) if options["store"] else kept
    return Around(
        onlooker=watching,
        interrupts=interrupts,
        kept=kept,
        told=told,
        ask=asking(loaded, target.shop.name, server, secret),
        collect=partial(
            published,
            listen=options["listen"] or "",
            textfile=options["textfile"],
            pushgateway=options["pushgateway"] or "",
        ),
    )


def wish_of(source: Source, options: dict[str, Any]) -> LoadWish:
    """What is asked for."""
    from techrun.app.loadtest import LoadWish

    bind, _, port = options["bind"].rpartition(":")
    return LoadWish(
        source=source,
        release=options["release"],
        old_release=options["baseline_release"],
        wishes=Wishes(
            **{name: options[name] for name in ("rate", "ramp", "warm_up", "measure", "drain", "users")},
            allow_orders=options["allow_orders"],
        ),
        workers=options["workers"],
        expect_workers=options["expect_workers"],
        wait_for_workers=options["wait_for_workers"],
        bind=bind,
        port=int(port or (LOCUST_PORT if options["expect_workers"] else 0)),
        web=options["web"],
        asked=asked_of(source, options),
    )


def aim_of(options: dict[str, Any]) -> Aim:
    """Where it shall go, and what is allowed."""
    return Aim(
        shop=options["shop"],
        host=options["host"],
        baseline_url=options["baseline_url"],
        max_rate=options["max_rate"],
        i_own_this=options["i_own_this"],
    )


def _tell(finished: Finished, options: dict[str, Any]) -> bool:
    """The reports that were asked for, then the result on stdout; whether all of them were written."""
    run, baseline = finished.run, finished.baseline
    reports: list[tuple[Any, Callable[[], object]]] = [
        (options["json_"], lambda: files.write_json(options["json_"], run)),
        (options["html"], lambda: files.write_html(options["html"], run, baseline)),
        (options["junit"], lambda: files.write_junit(options["junit"], run)),
        (options["markdown"], lambda: files.write_markdown(options["markdown"], run, baseline)),
        (options["github"], lambda: _add_to_job_summary(run, baseline)),
    ]
    written = [_written(write) for wanted, write in reports if wanted]
    _show(finished, options)
    return all(written)


def _written(write: Callable[[], object]) -> bool:
    """Write a report; what goes wrong with it is told, and never hides the verdict."""
    try:
        write()
    except (TechrunError, OSError) as error:
        click.echo(f"techrun: {error}", err=True)
        return False
    except Exception:  # noqa: BLE001  our own fault in a report: the verdict is still to be told
        click.echo(traceback.format_exc(), err=True)
        return False
    return True


def _add_to_job_summary(run: Run, baseline: Run | None) -> None:
    if not files.add_to_job_summary(run, baseline):
        click.echo("--github: GITHUB_STEP_SUMMARY is not set, so this is no job of GitHub's", err=True)


def _show(finished: Finished, options: dict[str, Any]) -> None:
    run, baseline, form = finished.run, finished.baseline, options["format_"]
    if form == "json":
        click.echo(json.dumps(to_json(run), ensure_ascii=False))
    elif form == "junit":
        click.echo(junit.render(run))
    elif form == "markdown":
        click.echo(markdown.render(run, baseline), nl=False)
    else:
        show_result(run, baseline, make_console(color=options["color"]), verbose=options["verbose"] > 0)
        if options["html"]:
            click.echo(f"report: {options['html']}")


def _code(finished: Finished, options: dict[str, Any], *, told: bool) -> ExitCode:
    """The verdict's; a green one is our own error where the run was not kept or a report is missing."""
    from techrun.load.judge.outcome import exit_code

    verdict = finished.run.verdict
    if verdict is None:
        return ExitCode.INTERNAL
    code = exit_code(
        verdict,
        on_inconclusive=options["on_inconclusive"],
        report_only=options["report_only"],
        stopped=finished.interrupted,
    )
    return code if told and not finished.lost else code or ExitCode.INTERNAL
