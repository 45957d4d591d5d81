"""`techrun release stamp`."""

from __future__ import annotations

import click


@click.command(name="stamp")
@click.argument("version", default="")
@click.option("--commit", default="", help="What it was made of; default: what the pipeline or git says.")
def command(version: str, commit: str) -> None:
    """Print the file by which a shop tells its version: {"version", "commit", "built"}.

    What is not said is taken from the pipeline's variables (GitHub, GitLab, Bitbucket, Azure, Jenkins and others),
    or from the tag and the commit of the git work tree. No configuration is needed.

    Example: techrun release stamp v812 > public/release.json
    """
    import json
    import os
    import time
    from pathlib import Path

    from techrun.releases.stamp import stamp

    said = stamp(version.strip(), commit.strip(), os.environ, Path.cwd(), time.time())
    click.echo(json.dumps(said, ensure_ascii=False, indent=2))
