"""What lasts: history, state, incidents, outbox and orders in one SQLite file."""
