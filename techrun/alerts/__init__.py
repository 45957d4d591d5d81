"""From results to the right few messages."""
