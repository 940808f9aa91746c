# SPDX-License-Identifier: Apache-2.0
"""The tree of commands, and the one way out of it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Annotated, NoReturn

import typer

from haechi import __version__
from haechi.cli import (
    _bank_files,
    _bench,
    _bot,
    _case,
    _demo,
    _doctor,
    _exchange,
    _follow,
    _hash,
    _match,
    _partner,
    _receipt,
    _serve,
    _user,
)
from haechi.cli._handed import Benches, Handed, RunBot, RunSite
from haechi.cli._output import say_error
from haechi.errors import ExitCode, HaechiError

app = typer.Typer(
    name="haechi",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

app.command("serve")(_serve.serve)
app.command("bot")(_bot.bot)
app.command("demo")(_demo.demo)
app.command("doctor")(_doctor.doctor)
app.command("hash")(_hash.hash_paths)
app.command("match")(_match.match_paths)
app.command("follow")(_follow.follow)
app.add_typer(_bank_files.bank_app, name="bank")
app.add_typer(_case.case_app, name="case")
app.add_typer(_case.notice_app, name="notice")
app.add_typer(_exchange.exchange_app, name="exchange")
app.add_typer(_partner.partner_app, name="partner")
app.add_typer(_receipt.receipt_app, name="receipt")
app.add_typer(_user.user_app, name="user")
app.add_typer(_bench.bench_app, name="bench")


def _version(wanted: bool) -> None:  # noqa: FBT001  # Typer calls it so
    if wanted:
        typer.echo(f"haechi {__version__}")
        raise typer.Exit


@app.callback()
def options(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Stops the spread of sexual images made or shared without consent.

    Example: haechi demo
    """


def main(*, run_site: RunSite, load_benches: Callable[[], Benches], run_bot: RunBot) -> NoReturn:
    """Run a command; every error of ours ends as one sentence and its exit status.

    `run_site` serves the site until it is stopped, `load_benches` gives what `haechi bench` runs,
    `run_bot` watches over Telegram groups: they are handed in, as no face imports another or what lies above it.
    """
    try:
        _run(Handed(run_site, load_benches, run_bot))
    except KeyboardInterrupt:
        sys.exit(ExitCode.INTERRUPTED)
    except (BrokenPipeError, SystemExit) as ended:
        # Typer and Rich make a status of 1 out of a pipe that nobody reads.
        cause = ended if isinstance(ended, BrokenPipeError) else ended.__context__
        if not isinstance(cause, BrokenPipeError):
            raise
        # Whoever read our output has enough of it (`| head`).
        _say_no_more()
        sys.exit(ExitCode.OK)
    sys.exit(ExitCode.OK)


def _run(handed: Handed) -> None:
    try:
        app(obj=handed)
    except HaechiError as error:
        say_error(error)
        sys.exit(error.exit_code)
    finally:
        # Here and not when Python ends, where nobody could catch that the reader is gone.
        sys.stdout.flush()


def _say_no_more() -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):
        os.dup2(nowhere, descriptor)
