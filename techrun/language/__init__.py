"""The verbs that every kind of check shares: templates, extractors, expectations. Pure."""
