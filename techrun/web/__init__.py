"""What techrun answers over HTTP."""
