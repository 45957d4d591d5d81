"""How results, problems and states look: on a terminal, in a pipeline, in a report.

table, ticker      results: a table, a line for each change
waterfall, curl    one run: `--explain`, `--curl`
reports            results as JUnit XML and markdown
standing           how the shops stand
incidents, desk    incidents and their story; windows, releases, what a shadow would have sent
load_live          a load test while it runs
load_result, loads a load test that is over; scenarios, runs in a list, two side by side
problems           what is wrong with the configuration
console, clock     colours, words and moments that all of them share
"""
