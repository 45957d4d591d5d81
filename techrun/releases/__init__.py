"""Releases: whether what was deployed is what is live, and as good as before.

records     what a verification saw and what was made of it
"""
