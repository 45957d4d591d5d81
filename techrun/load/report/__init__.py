"""What a load test found, told to people and machines: HTML, markdown, JUnit. Everything here is pure.

html      the page that opens offline, for everyone; templates/ has its markup and style
markdown  the short form for the summary of a CI job
junit     the rulings as test cases, for CI
words     how figures and verdicts are written; shared with the live view
series    figures by step and series over time
tables    rows of steps, failures, stages, visitors, generator; also for the result on a terminal
rulings   the rulings in the order in which a reader wants them
scales    places, ticks and paths of a chart
charts    what a chart is
timelines the charts over time
spread    the histogram, latency against load
forest    ratios and their intervals
command   how to make the run again
"""
