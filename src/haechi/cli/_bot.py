# SPDX-License-Identifier: Apache-2.0
"""`haechi bot`: the moderation bot for Telegram groups, until it is told to stop."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from haechi.cli._handed import Handed
from haechi.settings import SERVICE_URL_VARIABLE


def bot(
    given: typer.Context,
    *,
    url: Annotated[
        str | None,
        typer.Option("--url", envvar=SERVICE_URL_VARIABLE, help="The Haechi service to ask."),
    ] = None,
    appeal_url: Annotated[
        str, typer.Option("--appeal-url", help="Where an uploader can appeal.")
    ] = "",
    settings_file: Annotated[
        Path | None,
        typer.Option(
            "--settings-file",
            help="Where it remembers what groups chose: chat ids and yes or no. Without: until it stops.",
            dir_okay=False,
        ),
    ] = None,
    bot_api: Annotated[
        str, typer.Option("--bot-api", help="Where Telegram's Bot API is.")
    ] = "https://api.telegram.org",
) -> None:
    """Watch over Telegram groups: take known copies out, and tell the admins in private.

    Reads its two secrets from TELEGRAM_BOT_TOKEN and HAECHI_PARTNER_TOKEN. Stop it with Ctrl-C.

    Example: haechi bot --url https://haechi.example --settings-file bot.json
    """
    handed: Handed = given.obj
    handed.run_bot(url=url, appeal_url=appeal_url, api_url=bot_api, remembers_in=settings_file)
