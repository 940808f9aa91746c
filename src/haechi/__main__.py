# SPDX-License-Identifier: Apache-2.0
"""`haechi`, and `python -m haechi`: the command line, handed the site and the benches that it can run.

The one module above all others, so that no face has to import another.
"""

from __future__ import annotations

from typing import NoReturn

from haechi import cli
from haechi.settings import Settings


def main() -> NoReturn:
    """Run a command."""
    cli.main(run_site=_run_site, load_benches=_load_benches)


def _run_site(settings: Settings) -> None:
    # Only when it is asked for: most commands need no server.
    from haechi import asgi

    asgi.serve(settings)


def _load_benches() -> cli.Benches:
    from haechi import bench

    return bench


if __name__ == "__main__":
    main()
