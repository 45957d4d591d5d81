"""The verbs that every kind of check shares: templates, extractors, expectations. Pure.

definition    the base of everything that is written in YAML
expressions   `${…}`: _scanner finds it, _evaluator compiles it, _operations and _filters work it out
page          a response as extractors see it; _html guards the parser
extract       `save:`: one value; _finders: how each extractor finds it, _jsonpath and _patterns bounded
expect        `expect:`; _matchers: what a found value is held against
scalars       numbers as they were written, numbers and prices as people write them
durations     `30s`, `1h30m`; moments: `7d` ago, or a date; rates: `5/s`
errors        what can go wrong with all these; words: texts for people
"""
