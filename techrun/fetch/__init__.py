"""One HTTP exchange; the only importer of the HTTP client."""
