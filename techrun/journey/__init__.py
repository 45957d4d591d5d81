"""A customer journey: its definition, its plan and the engine that runs it. No I/O."""
