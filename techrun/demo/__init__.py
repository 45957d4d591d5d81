"""A small real shop with a switchboard of faults."""
