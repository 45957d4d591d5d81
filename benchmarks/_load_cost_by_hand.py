"""The same visits, written by hand for Locust's clients: the same requests, headers, parsers and checks.

`CLIENT=fast` is FastHttpUser, `CLIENT=http` HttpUser. As in ours each visit has new cookies and connections.
`CLIENT=bare` is FastHttpUser without cookies: the header is written down here, which no real test could do.
"""

from __future__ import annotations

import json
import os
from random import getrandbits
from urllib.parse import urlencode, urljoin

from locust import FastHttpUser, HttpUser, constant, task
from selectolax.lexbor import LexborHTMLParser

UA, LANGUAGE = "techrun/1 load", "de-DE,de;q=0.9"
FAST, BARE = os.environ["CLIENT"] != "http", os.environ["CLIENT"] == "bare"


class Buyer(FastHttpUser if FAST else HttpUser):
    wait_time = constant(0)
    insecure = False
    visits = 0

    @task
    def visit(self):
        Buyer.visits += 1
        self.run_id, self.trace = f"0badcafe-{Buyer.visits}", f"{getrandbits(128):032x}"
        if BARE:
            self.client.client.cookiejar = None
        if FAST:
            self.client.cookiejar.clear()
            self.client.client.clientpool.close()
        else:
            self.client.cookies.clear()
            self.client.close()
        self.page = ""
        link = self.home()
        if link and self.product() and self.add():
            total = self.cart()
            if total is not None:
                self.shipping(total)

    def headers(self, **more):
        found = {
            "User-Agent": UA,
            "Accept-Language": LANGUAGE,
            "traceparent": f"00-{self.trace}-{getrandbits(64):016x}-01",
            "X-Synthetic": f"buy {self.run_id}",
            "Accept": more.pop("accept", "text/html,application/xhtml+xml,*/*;q=0.8"),
            "Accept-Encoding": "gzip, br",
            **more,
        }
        if self.page:
            found["Referer"] = self.page
        if BARE:
            found["Cookie"] = "session=abc123; lang=de"
        return found

    def home(self):
        with self.client.get("/", name="home", headers=self.headers(), catch_response=True) as answer:
            tree = self.html(answer, "/de/")
            if tree is None:
                return None
            heading, link = tree.css_first("h1"), tree.css_first(".card a")
            if tree.css_first("form[role=search]") is None or heading is None:
                return answer.failure("no search")
            if heading.text(strip=True) != "Welcome":
                return answer.failure("wrong heading")
            if link is None:
                return answer.failure("no article")
            return link.attributes["href"]

    def product(self):
        with self.client.get(
            "/product/17", name="product", headers=self.headers(), catch_response=True
        ) as answer:
            tree = self.html(answer, "/product/17")
            if tree is None:
                return None
            heading, price = tree.css_first("h1"), tree.css_first("[itemprop=price]")
            if heading is None or heading.text(strip=True) != "Claw hammer":
                return answer.failure("wrong heading")
            if price is None or float(price.attributes["content"]) <= 0:
                return answer.failure("no price")
            self.form = tree.css_first("form#buy")
            if self.form is None:
                return answer.failure("no form")
            return True

    def add(self):
        fields = {
            field.attributes["name"]: field.attributes.get("value") or "" for field in self.form.css("input")
        }
        fields["quantity"] = "2"
        kind, origin = "application/x-www-form-urlencoded", self.host
        headers = self.headers(**{"Content-Type": kind, "Origin": origin})
        action = urljoin(self.page, self.form.attributes["action"])
        with self.client.post(
            action, data=urlencode(fields), name="add", headers=headers, catch_response=True
        ) as answer:
            tree = self.html(answer, "/cart")
            note = tree.css_first(".note") if tree else None
            if note is None or "You added" not in note.text():
                return answer.failure("not added")
            return True

    def cart(self):
        headers = self.headers(accept="application/json")
        with self.client.get("/api/cart", name="cart", headers=headers, catch_response=True) as answer:
            found = self.json(answer)
            if found is None or found.get("items_qty") != 2 or "grand_total" not in found:
                return answer.failure("wrong cart")
            return found["grand_total"]

    def shipping(self, total):
        headers = self.headers(accept="application/json", **{"Content-Type": "application/json"})
        body = json.dumps({"country": "DE", "total": total})
        with self.client.post(
            "/api/shipping", data=body, name="shipping", headers=headers, catch_response=True
        ) as answer:
            found = self.json(answer)
            if not found or found[0].get("available") is not True:
                answer.failure("no shipping")

    def html(self, answer, path):
        if answer.status_code != 200:
            answer.failure(f"status {answer.status_code}")
            return None
        self.page = self.host + path
        return LexborHTMLParser(answer.content)

    def json(self, answer):
        if answer.status_code != 200:
            answer.failure(f"status {answer.status_code}")
            return None
        return json.loads(answer.content)
