"""The pages on which customers find articles: home, search, category, product."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from techrun.demo.catalogue import CATEGORIES
from techrun.demo.render import page
from techrun.demo.session import shop_of

FEATURED = ("FT-2001", "FT-3001", "FT-1001", "FT-4001")


async def home(request: Request) -> Response:
    """The front page."""
    database = shop_of(request).database
    featured = [article for sku in FEATURED if (article := database.article(sku))]
    return page(request, "home.html", featured=featured)


async def search(request: Request) -> Response:
    """What a search finds."""
    words = request.query_params.get("q", "")
    return page(request, "search.html", found=shop_of(request).found(words))


async def category(request: Request) -> Response:
    """One shelf; `sort=price` puts the cheapest first."""
    slug = request.path_params["slug"]
    shelf = next((one for one in CATEGORIES if one.slug == slug), None)
    if shelf is None:
        return missing(request)
    articles = shop_of(request).shelf(slug)
    if request.query_params.get("sort") == "price":
        articles.sort(key=lambda article: article.price)
    return page(request, "category.html", category=shelf, articles=articles)


async def product(request: Request) -> Response:
    """One article, with the form that puts it into the cart."""
    shop = shop_of(request)
    article = shop.database.article(request.path_params["slug"])
    if article is None:
        return missing(request)
    others = [one for one in shop.database.articles("category = ?", article.category) if one != article]
    return page(request, "product.html", article=article, others=others[:4])


def missing(request: Request) -> HTMLResponse:
    """There is no such page."""
    return page(request, "missing.html", 404)


ROUTES = [
    Route("/", home),
    Route("/search", search),
    Route("/category/{slug}", category),
    Route("/product/{slug}", product),
]
