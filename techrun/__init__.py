"""techrun: watches an online shop from its customer's side, once the project is delivered."""

__version__ = "0.1.0"
