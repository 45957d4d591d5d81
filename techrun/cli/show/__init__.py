"""How results, problems and states look: on a terminal, in a pipeline, in a report."""
