"""Which CDN answered, and whether out of a cache."""

from __future__ import annotations

import pytest

from techrun.releases.identity.edges import answered_by, cached_for, edge_of


@pytest.mark.parametrize(
    ("headers", "edge"),
    [
        ((("server", "cloudflare"), ("cf-ray", "8a1-DUB")), "Cloudflare"),
        ((("server", "Vercel"), ("x-vercel-id", "dub1::abc")), "Vercel"),
        ((("server", "cloudflare"), ("cf-ray", "8a1"), ("x-vercel-id", "dub1::abc")), "Cloudflare"),
        ((("via", "1.1 abc.cloudfront.net (CloudFront)"), ("x-amz-cf-pop", "DUB2-C1")), "CloudFront"),
        ((("x-served-by", "cache-dub4327-DUB"), ("via", "1.1 varnish")), "Fastly"),
        ((("server", "AkamaiGHost"),), "Akamai"),
        ((("x-cache", "TCP_HIT from a2-18.deploy.akamaitechnologies.com"),), "Akamai"),
        ((("server", "Netlify"), ("x-nf-request-id", "01H")), "Netlify"),
        ((("server", "BunnyCDN-DE1-1047"),), "Bunny"),
        ((("x-azure-ref", "20240101T"),), "Azure Front Door"),
        ((("server", "nginx"), ("via", "1.1 varnish"), ("x-served-by", "web3")), ""),
        ((("server", "nginx"), ("x-cache", "HIT")), ""),
        ((), ""),
    ],
)
def test_a_cdn_is_known_by_headers_that_only_it_sets(headers, edge):
    assert edge_of(headers) == edge


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ((("age", "314"),), 314.0),
        ((("age", "0"), ("x-cache", "MISS")), None),
        ((("x-cache", "MISS, HIT"),), 0.0),
        ((("cf-cache-status", "DYNAMIC"),), None),
        ((("cf-cache-status", "HIT"), ("age", "12")), 12.0),
        ((("x-cache", "Miss from cloudfront"),), None),
        ((("age", "long"),), None),
        ((("x-cache-status", "STALE"),), 0.0),
    ],
)
def test_an_answer_out_of_a_cache_is_known_by_its_age_or_its_hit(headers, seconds):
    assert cached_for(headers) == seconds


def test_who_answered_is_told_in_few_words():
    headers = (("server", "nginx"), ("x-served-by", "web3"), ("via", "x" * 500), ("x-node", " "))
    said = answered_by(headers)
    assert said.startswith("nginx, x-served-by: web3, via: x")
    assert len(said) < 120
