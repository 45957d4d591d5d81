"""The switchboard: every way in which the demo shop can be broken, as real shops are.

A fault with an `effect` changes the answer to the requests that its `path` matches. The others
are asked for by name at the one point of the shop that they spoil (`faults.on("price-zero")`).
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from techrun.demo import effects
from techrun.demo.effects import Effect


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to break the shop; `path` is a pattern of `METHOD /path`."""

    name: str
    sees: str
    """What a customer sees, in one line."""
    where: str
    """The page or service that suffers."""
    path: str = ""
    effect: Effect | None = None
    node: int | None = None
    """Only this node suffers."""


FAULTS = (
    # The whole shop
    Fault("maintenance", "A maintenance page on every address", "shop", "* *", effects.MAINTENANCE),
    Fault("unavailable", "Service unavailable on every address", "shop", "* *", effects.OVERLOADED),
    Fault("slow-database", "Every page takes most of a second longer", "shop", "* *", effects.slow(0.8)),
    Fault(
        "node-broken", "Bad gateway, for those whom node 2 serves", "node 2", "* *", effects.BAD_GATEWAY, 2
    ),
    Fault("node-outdated", "Node 2 still runs the release before this one", "node 2"),
    Fault("wrong-currency", "All prices are in dollars", "shop"),
    # Assets
    Fault(
        "stylesheet-gone",
        "The shop without its style sheet",
        "assets",
        "GET /static/shop.css*",
        effects.NOT_FOUND,
    ),
    Fault(
        "script-empty", "Menu and cart do not react", "assets", "GET /static/shop.js*", effects.EMPTY_SCRIPT
    ),
    Fault(
        "payment-script-error",
        "The card form does not react: its script is an error page",
        "payment",
        "GET /static/pay.js*",
        effects.ERROR_PAGE,
    ),
    # Finding articles
    Fault("search-empty", "Every search says that nothing was found", "search"),
    Fault("category-empty", "The categories show no articles", "category"),
    Fault(
        "category-truncated", "A category page breaks off", "category", "GET /category/*", effects.truncate
    ),
    Fault(
        "product-hangs", "A product page never finishes loading", "product", "GET /product/*", effects.hang
    ),
    Fault("product-error-200", "Something went wrong", "product", "GET /product/*", effects.ERROR_PAGE),
    Fault("price-zero", "Everything costs nothing", "product"),
    Fault("sold-out-sold", "A sold-out article can be bought", "product"),
    Fault(
        "api-html",
        "The app shows no articles: its API answers with a page",
        "api",
        "GET /api/products*",
        effects.ERROR_PAGE,
    ),
    Fault("api-stock-lost", "The app says that everything is sold out", "api"),
    # The cart
    Fault("add-to-cart-ignored", "Add to cart seems to work, the cart stays as it was", "cart"),
    Fault("cart-loop", "The cart redirects for ever", "cart", "GET /cart*", effects.redirect_loop),
    Fault("coupon-ignored", "The coupon is accepted and nothing gets cheaper", "cart"),
    Fault("total-wrong", "The total is not the sum of the cart", "cart"),
    Fault("csrf-stale", "Every form has expired: please try again", "forms"),
    # The checkout
    Fault(
        "captcha", "A captcha in front of the checkout", "address", "GET /checkout/address", effects.CAPTCHA
    ),
    Fault("session-lost", "The cart is empty after the address", "address"),
    Fault(
        "shipping-slow",
        "The shipping step takes more than two seconds",
        "shipping",
        "GET /checkout/shipping",
        effects.slow(2.2),
    ),
    Fault("shipping-empty", "We do not deliver to this address", "shipping"),
    Fault(
        "shipping-error-200",
        "Something went wrong, after the address",
        "shipping",
        "GET /checkout/shipping",
        effects.ERROR_PAGE,
    ),
    Fault(
        "payment-blank",
        "A blank page in place of the payment",
        "payment",
        "GET /checkout/payment",
        effects.BLANK,
    ),
    Fault("payment-declined", "Every card is declined", "payment"),
    Fault(
        "payment-unreachable",
        "The payment provider does not answer",
        "payment",
        "POST /payments/authorise",
        effects.UNAVAILABLE,
    ),
    Fault(
        "review-500",
        "Internal server error before the order can be placed",
        "review",
        "GET /checkout/review",
        effects.SERVER_ERROR,
    ),
    Fault(
        "order-500",
        "Internal server error in place of the order",
        "order",
        "POST /checkout/place",
        effects.SERVER_ERROR,
    ),
    Fault("order-missing", "The order was confirmed and is in no history", "order"),
    Fault("cancel-refused", "Orders cannot be cancelled", "order"),
    # Business customers
    Fault("login-refused", "Right passwords are refused", "login"),
    Fault("contract-price-lost", "Business customers see the list price", "product"),
    Fault("history-empty", "The order history is empty", "history"),
    Fault("invoice-broken", "The invoice cannot be opened", "invoice"),
    Fault("quote-lost", "A request for a quote is thanked for and forgotten", "quotes"),
    Fault("reorder-empty", "Reorder leads to an empty cart", "reorder"),
    # Search engines and feeds
    Fault("robots-closed", "The shop vanishes from search engines: robots.txt forbids everything", "robots"),
    Fault("sitemap-dead", "The sitemap names pages that do not exist", "sitemap"),
    Fault("feed-empty", "Price comparisons list nothing: the feed is empty", "feed"),
    Fault("feed-prices-old", "Price comparisons show other prices than the shop", "feed"),
)


class Switchboard:
    """Which faults are on."""

    def __init__(self) -> None:
        self._known = {fault.name: fault for fault in FAULTS}
        self._on: set[str] = set()

    def on(self, name: str) -> bool:
        """Whether a fault is on; KeyError for a fault that does not exist."""
        return self._known[name].name in self._on

    def turn(self, name: str, *, on: bool) -> None:
        """Switch one fault; KeyError for a fault that does not exist."""
        if on:
            self._on.add(self._known[name].name)
        else:
            self._on.discard(self._known[name].name)

    def all_off(self) -> None:
        """Mend everything."""
        self._on.clear()

    def effect(self, method: str, path: str, node: int) -> Effect | None:
        """What happens to a request: the effect of the first fault that is on and matches it."""
        target = f"{method} {path}"
        for fault in FAULTS:
            if (
                fault.effect is not None
                and fault.name in self._on
                and fault.node in {None, node}
                and fnmatchcase(target, fault.path)
            ):
                return fault.effect
        return None

    def listing(self) -> list[dict[str, str | bool]]:
        """Every fault and whether it is on, as the switchboard's JSON shows them."""
        return [
            {"name": fault.name, "sees": fault.sees, "where": fault.where, "on": fault.name in self._on}
            for fault in FAULTS
        ]
