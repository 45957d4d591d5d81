"""Statistics that more than one judge uses. Pure; needs numpy and scipy, so nothing imports it without need.

resampling  block bootstrap, sign flips, Holm's correction, what could have been seen
shares      how sure a share is, and the difference of two
"""
