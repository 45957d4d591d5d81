"""YAML to settings: everything that is wrong is reported at once, with its place."""
