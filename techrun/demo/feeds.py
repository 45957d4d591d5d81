"""What machines read: robots.txt, the sitemap, the product feed, version and health."""

from __future__ import annotations

import csv
from dataclasses import asdict
from io import StringIO
from xml.sax.saxutils import escape

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from techrun.demo.catalogue import CATEGORIES
from techrun.demo.session import shop_of


async def robots(request: Request) -> Response:
    """What search engines may visit."""
    base = str(request.base_url)
    rule = (
        "Disallow: /\n" if shop_of(request).faults.on("robots-closed") else "Disallow: /checkout/\nAllow: /\n"
    )
    return PlainTextResponse(f"User-agent: *\n{rule}Sitemap: {base}sitemap.xml\n")


async def sitemap(request: Request) -> Response:
    """Every page that search engines should know."""
    shop, base = shop_of(request), str(request.base_url)
    shelf = "products-old" if shop.faults.on("sitemap-dead") else "product"
    paths = [f"category/{one.slug}" for one in CATEGORIES]
    paths += [f"{shelf}/{one.slug}" for one in shop.database.articles()]
    entries = "".join(f"<url><loc>{escape(base + path)}</loc></url>\n" for path in ["", *paths])
    xml = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{entries}</urlset>\n'
    )
    return Response(xml, media_type="application/xml")


async def feed(request: Request) -> Response:
    """Articles, prices and stock for price comparisons, as CSV."""
    shop = shop_of(request)
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow(["id", "title", "link", "price", "availability"])
    factor = 0.9 if shop.faults.on("feed-prices-old") else 1.0
    for article in () if shop.faults.on("feed-empty") else shop.database.articles():
        link = f"{request.base_url}product/{article.slug}"
        price = f"{shop.price(article) * factor / 100:.2f} EUR"
        writer.writerow(
            [article.sku, article.name, link, price, "in_stock" if article.stock else "out_of_stock"]
        )
    return Response(out.getvalue(), media_type="text/csv")


async def version(request: Request) -> Response:
    """The release that this node runs, and which node that is."""
    node = request.state.node
    return JSONResponse({**asdict(shop_of(request).on_node(node)), "node": f"node-{node}"})


async def release(request: Request) -> Response:
    """The release that this node runs, as `techrun release stamp` writes it beside a shop's own files."""
    return JSONResponse(asdict(shop_of(request).on_node(request.state.node)))


async def health(request: Request) -> Response:
    """Whether this node could serve a customer."""
    articles = len(shop_of(request).database.articles())
    return JSONResponse({"status": "ok", "node": f"node-{request.state.node}", "articles": articles})


ROUTES = [
    Route("/robots.txt", robots),
    Route("/sitemap.xml", sitemap),
    Route("/feed.csv", feed),
    Route("/version", version),
    Route("/release.json", release),
    Route("/health", health),
]
