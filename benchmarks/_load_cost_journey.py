"""The visits of `benchmarks.load_cost` as a scenario; its journey is in `JOURNEY`."""

from __future__ import annotations

import os

from techrun.load import JourneyUser, Scenario

JOURNEY = """
journey: buy
deadline: 30s
steps:
  - step: home
    get: /
    expect: {css: {"form[role=search]": {exists: true}, h1: Welcome}}
    save: {first: {css: ".card a", attr: href}}
  - step: product
    get: /product/17
    expect: {css: {h1: Claw hammer}}
    save: {price: {css: "[itemprop=price]", attr: content, number: true}}
  - step: add
    submit: form#buy
    fill: {quantity: 2}
    expect: {css: {.note: {contains: You added}}}
  - step: cart
    get: /api/cart
    expect: {json: {$.items_qty: 2}}
    save: {total: {json: $.grand_total}}
  - step: shipping
    post: /api/shipping
    json: {country: DE, total: "${total}"}
    expect: {json: {"$[0].available": true}}
"""
USERS = int(os.environ.get("USERS", "20"))

if "USERS" in os.environ:
    scenario = Scenario(users=USERS, ramp="0s", warm_up="0s", measure="10m", drain="1s")

    class Buyer(JourneyUser):
        journey = "buy"
