"""What lasts: history, state, incidents, outbox and orders in one SQLite file.

database     the file, its readers; writer: the one thread that writes; migrations: the schema, step by step
history      every result; rollups: old ones in sums; watched: checks by a small number
state        how checks stand, changes and incidents
outbox       messages on their way; messages: their rows; _unwritten: those that the disk does not take
desk         what persons do: acknowledgements, windows, annotations, requests to the daemon
releases     releases of shops, and what the gate said before them
verifications  what was seen of releases, and who is looking now
baseline     how checks fared before a release
story        what is told of incidents to persons who ask
orders       test orders, counted against the cap
loads        load runs, and when which shop was under load
"""
