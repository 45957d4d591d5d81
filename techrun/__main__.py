"""`python -m techrun`."""

from techrun.cli import main

main()
