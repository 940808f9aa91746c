# SPDX-License-Identifier: Apache-2.0
"""`haechi`, and `python -m haechi`: the command line, handed the site, the bot and the benches it can run.

The one module above all others, so that no face has to import another.
"""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

from haechi import cli
from haechi.errors import NotInstalled
from haechi.settings import Settings


def main() -> NoReturn:
    """Run a command."""
    cli.main(run_site=_run_site, load_benches=_load_benches, run_bot=_run_bot)


def _run_site(settings: Settings) -> None:
    # Only when it is asked for: most commands need no server.
    from haechi import asgi

    asgi.serve(settings)


def _run_bot(*, url: str | None, appeal_url: str, api_url: str, remembers_in: Path | None) -> None:
    try:
        from haechi.gates import telegram
    except ModuleNotFoundError as error:
        if error.name != "telegram":
            raise
        raise NotInstalled(extra="bot") from error

    telegram.run(
        telegram.BotSettings.from_environment(
            url=url, appeal_url=appeal_url, api_url=api_url, remembers_in=remembers_in
        )
    )


def _load_benches() -> cli.Benches:
    from haechi import bench

    return bench


if __name__ == "__main__":
    main()
