"""What a load test found, told to people and machines: HTML, markdown, JUnit. Everything here is pure.

html      the page that opens offline, for everyone; templates/ has its markup and style
markdown  the short form for the summary of a CI job
junit     the rulings as test cases, for CI
words     how figures and verdicts are written; shared with the live view
series    figures by step and series over time, from any cells; shared with the live view
figures   the rows of the tables: steps, failures, stages, visitors, generator; shared with the live view
rulings   the rulings in the order in which a reader wants them
scales    places, ticks and paths of a chart
charts    what a chart is
timelines the charts over time
spread    the histogram, latency against load
forest    ratios and their intervals
criteria  a criterion as it was written
command   how to make the run again
"""
