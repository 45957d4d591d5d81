"""An exchange as a curl line that a person can repeat; secrets are already masked in it."""

from __future__ import annotations

import shlex

from techrun.model import ExchangeRecord, Outcome

NOT_REPEATED = {"host", "content-length", "accept-encoding", "connection"}
"""Headers that curl sets by itself."""


def curl_line(exchange: ExchangeRecord) -> str:
    """The shell command that makes this exchange again."""
    words = ["curl", "--silent", "--show-error", "--include", "--compressed"]
    if exchange.method != ("POST" if exchange.request_body else "GET"):
        words += ["--request", exchange.method]
    for name, value in exchange.request_headers:
        if name.lower() not in NOT_REPEATED:
            words += ["--header", f"{name}: {value}"]
    if exchange.request_body:
        words += ["--data-raw", exchange.request_body]
    return shlex.join([*words, exchange.url])


def failing_exchange(outcome: Outcome) -> ExchangeRecord | None:
    """The last exchange of the step that decided; of the last step where all went well."""
    steps = [step for step in outcome.steps if step.exchanges]
    deciding = [step for step in steps if step.name == outcome.step] or steps
    if not deciding:
        return None
    pages = [exchange for exchange in deciding[-1].exchanges if exchange.kind != "asset" or exchange.failure]
    return (pages or list(deciding[-1].exchanges))[-1]
