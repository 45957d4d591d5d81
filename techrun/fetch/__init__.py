"""One HTTP exchange; the only importer of the HTTP client."""

from __future__ import annotations


class Fetcher:
    """Makes exchanges; replaced by `techrun.fetch.client` in the next commit."""
