"""How results, problems and states look: on a terminal, in a pipeline, in a report.

table, ticker      results: a table, a line for each change
waterfall, curl    one run: `--explain`, `--curl`
reports            results as JUnit XML and markdown
standing           how the shops stand
incidents, desk    incidents and their story; windows, releases, what a shadow would have sent
load_live          a load test while it runs
load_result, loads a load test that is over; scenarios, runs in a list, two side by side
release_live       a verification while it runs; release_seen: its words
release_result     one that is over; release_story: the whole story of a release, and releases in a list
release_gate       what a gate said; release_dora: the four keys; release_calibrate: releases judged again
problems           what is wrong with the configuration
console, clock     colours, words and moments that all of them share
"""
