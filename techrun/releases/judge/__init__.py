"""The judge of releases, without I/O: the same verification gives the same verdict. Needs numpy and scipy.

verdict     all rulings together: pass, fail or inconclusive; summing_up says it in a sentence
evidence    which samples count; moments: which failures are separate ones
errors      failures against the same hours of earlier days
degraded    runs that worked, but poorer than promised
latency     answer times against the same minutes after earlier releases
sight       what could have been seen
rules       what each ruling is called; wording: figures in words
"""
