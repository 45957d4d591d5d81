"""`python -m techrun.demo [--port 9780]` serves the demo shop on loopback."""

from __future__ import annotations

import argparse
import asyncio
import sys

from techrun.demo.app import NODES
from techrun.demo.serve import HOME, serve
from techrun.demo.server import DEFAULT_PORT


def main() -> int:
    """Serve until Ctrl-C; 2 where the port is taken."""
    parser = argparse.ArgumentParser(prog="python -m techrun.demo", description=__doc__)
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="0 takes a free one")
    parser.add_argument("--address", default=HOME, help="a loopback address; another makes it one node")
    parser.add_argument("--node", type=int, choices=NODES, default=NODES[0], help="which node it says it is")
    parser.add_argument("--with-parent", action="store_true", help="stop when standard input ends")
    given = parser.parse_args()
    try:
        asyncio.run(serve(given.port, given.address, given.node, with_parent=given.with_parent))
    except OSError as error:
        sys.stderr.write(f"The demo shop cannot listen on {given.address}:{given.port}: {error.strerror}.\n")
        return 2
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
