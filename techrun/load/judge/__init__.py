"""The judge, without I/O: can a run be believed, does it hold, and is it slower than before.

verdict     validity, then criteria and failures, then compare (in one run) or stored (with earlier ones)
criteria    what must hold: counting, prospects, steps, wording
windows     what the statistics work on; contrasts: in words
fingerprint what must be equal to compare; machine: this one
old_release whether there was anything to compare with
rules       what each ruling is called; summing_up: all of them in a sentence
outcome     what the end of a run adds: capacity (stairs and knee) of a breakpoint; alarms: of a release against itself
"""
