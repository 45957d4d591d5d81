"""The command line: parse and call, no logic; heavy imports wait until they are needed."""
