# SPDX-License-Identifier: Apache-2.0
"""Writes the pages of docs/ that come from the code, or checks that they are up to date.

`python tools/docs_pages.py` writes; `--check` changes nothing and ends with 1 where a page is old, a
link leads nowhere, a decision is not listed, or the changelog does not know the version.
"""

from __future__ import annotations

import inspect
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
NOTE = "<!-- Written by tools/docs_pages.py; change the code, not this page. -->\n"


def settings_page() -> str:
    """Every setting."""
    from haechi.settings import setting_rows

    rows = [
        f"| `{name}` | {f'`{default}`' if default else ''} | {unit} | {text} |"
        for name, default, unit, text in setting_rows()
    ]
    return "\n".join(
        [
            "# Settings",
            NOTE,
            "Each is an environment variable; some have a flag on the commands that need them. An",
            "unknown variable that begins with `HAECHI_` is refused, so that a misspelt one is found.",
            "Statutory clocks are not here: nobody configures those.",
            "",
            "| variable | default | unit | what it is |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


def errors_page() -> str:
    """Every error that a person or a program may meet."""
    from haechi import errors

    classes = [
        found
        for found in vars(errors).values()
        if inspect.isclass(found) and issubclass(found, errors.HaechiError)
    ]
    rows = [
        f"| `{found.code}` | {found.http_status} | {int(found.exit_code)} | {found.template} |"
        for found in sorted(classes, key=lambda found: found.code)
    ]
    return "\n".join(
        [
            "# Errors",
            NOTE,
            'Every JSON error is `{"error": {"code", "message", "field"?}}`. Commands print the',
            "sentence to standard error and end with the exit status.",
            "",
            "| code | HTTP | exit | sentence |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


def cli_page() -> str:
    """Every command with its help."""
    from typer.main import get_command

    from haechi.cli import app

    parts = [
        "# Commands",
        NOTE,
        "Results go to standard output (`--json`: one JSON object a line), progress and errors to",
        "standard error. Exit status: 0 done, 1 failed, 2 usage, 3 outside service, 4 refused by",
        "policy, 5 verification failed, 130 interrupted. A match is a result, not a failure.",
        "",
    ]
    parts += _commands(get_command(app), "haechi")
    return "\n".join(parts)


def _commands(command: object, name: str) -> list[str]:
    below = getattr(command, "commands", None)
    if below:
        return [
            line for verb, found in below.items() for line in _commands(found, f"{name} {verb}")
        ]
    text = inspect.cleandoc(str(command.help))  # type: ignore[attr-defined]
    rows = []
    for parameter in command.params:  # type: ignore[attr-defined]
        is_option = parameter.param_type_name == "option"
        label = ", ".join(parameter.opts) if is_option else parameter.name.upper()
        help_text = getattr(parameter, "help", "") or ""
        if "--help" not in parameter.opts:
            rows.append(f"| `{label}` | {help_text} |")
    return [f"## `{name}`", "", text, "", "| | |", "|---|---|", *rows, ""]


def http_page() -> str:
    """Every route of the HTTP API with the gate it has."""
    return "\n".join(
        [
            "# HTTP",
            NOTE,
            "A route is closed unless it names a gate: `open` to all, `case` (the cookie of a case",
            "session) or `partner` (`Authorization: Bearer TOKEN`, with the scope). The description",
            "for programs is at `/openapi.json`. Errors: [errors.md](errors.md).",
            "",
            "| route | gate | what it does |",
            "|---|---|---|",
            *(row for _, row in sorted(_routes())),
            "",
            (DOCS / "http-api.in.md").read_text(encoding="utf-8"),
        ]
    )


def _routes() -> Iterator[tuple[str, str]]:
    """(what to sort by, table row) of every route that anybody may come through."""
    from litestar.routes import HTTPRoute

    from haechi.asgi import create_app
    from haechi.settings import load_settings
    from haechi.workflows import open_context

    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings({}, data_folder=Path(folder))
        with open_context(settings, follows=False) as context:
            routes = [route for route in create_app(context).routes if isinstance(route, HTTPRoute)]
    for route in routes:
        for method, (handler, _) in route.route_handler_map.items():
            gate, scope = handler.opt.get("gate"), handler.opt.get("scope")
            if gate is None or method in ("HEAD", "OPTIONS"):
                continue
            who = f"{gate.value}, scope `{scope.value}`" if scope else gate.value
            is_file = route.path.startswith("/static")
            text = (
                "The files of the pages."
                if is_file
                else inspect.getdoc(getattr(handler.fn, "func", handler.fn))
            )
            path = re.sub(r"\{(\w+):\w+\}", r"{\1}", route.path)
            about = (text or "").splitlines()[0]
            yield f"{path} {method}", f"| `{method} {path}` | {who} | {about} |"


PAGES = {
    "settings.md": settings_page,
    "errors.md": errors_page,
    "cli.md": cli_page,
    "http-api.md": http_page,
}


def dead_links() -> list[str]:
    """Every link to a file of ours that is not there."""
    return [
        f"{page.relative_to(ROOT)}: there is no {target}"
        for page in [*ROOT.glob("*.md"), *DOCS.rglob("*.md")]
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8"))
        if "://" not in target and not (page.parent / target).exists()
    ]


def unlisted_decisions() -> list[str]:
    """Every decision that the list of decisions does not name."""
    listed = (DOCS / "decisions" / "README.md").read_text(encoding="utf-8")
    return [
        f"docs/decisions/README.md does not name {page.name}"
        for page in sorted((DOCS / "decisions").glob("[0-9]*.md"))
        if page.name not in listed
    ]


def unknown_version() -> list[str]:
    """The version, if the changelog has no heading for it."""
    from haechi import __version__

    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    wrong = []
    if f'version = "{__version__}"' not in project:
        wrong.append("pyproject.toml and haechi.__version__ name different versions")
    if f"## [{__version__}]" not in changes:
        wrong.append(f"CHANGELOG.md has no heading for {__version__}")
    return wrong


def main() -> int:
    """Write the pages, or check them."""
    checks = "--check" in sys.argv
    wrong = []
    for name, write in PAGES.items():
        page, text = DOCS / name, write().rstrip() + "\n"
        if checks and (not page.exists() or page.read_text(encoding="utf-8") != text):
            wrong.append(f"docs/{name} is old: run python tools/docs_pages.py")
        if not checks:
            page.write_text(text, encoding="utf-8")
    wrong += dead_links() + unlisted_decisions() + unknown_version()
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
