"""Statistics that more than one judge uses. Pure; needs numpy and scipy, so nothing imports it without need.

resampling  block bootstrap, sign flips, Holm's correction, what could have been seen
clustered   one series against a few earlier ones, each a witness by itself
rates       how many failures are more than chance, where it is known how often something fails
shares      how sure a share is, and the difference of two
"""
