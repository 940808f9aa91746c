# SPDX-License-Identifier: Apache-2.0
"""The four steps of the demo, each over the same HTTP API that pages and platforms use."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from haechi.cli._client import ServiceClient
from haechi.cli._demo_server import DemoServer
from haechi.cli._demo_uploads import Upload, make_uploads, two_photos
from haechi.cli._installation import OPERATOR
from haechi.cli._output import clean, emit, err, out
from haechi.errors import OutsideServiceFailed
from haechi.values import utc_now
from haechi.workflows import (
    Context,
    DraftRequest,
    HashedFile,
    Notice,
    admit_partner,
    check_receipt,
    dismiss_partner,
    draft_notice,
    hash_files,
    open_context,
)

_REACHED_WITHIN_S: Final = 10.0
_SEEN: Final = {
    "url": "https://forum.example/board/1234",
    "place": "Example Forum",
    "note": "A friend told me about it.",
}


class Journey:
    """Walks the journey against a running server and tells it as it goes."""

    def __init__(self, server: DemoServer, workspace: Path, *, as_json: bool) -> None:
        self._server = server
        self._workspace = workspace
        self._as_json = as_json
        self._person = ServiceClient(server.address)
        self._contents: list[str] = []
        """The ids of this case's contents at the platform, in the order of the photos. The same photos
        may be there from other cases: those are none of ours to count.
        """

    def walk(self) -> bool:
        """Walk all four steps; whether everything came out as it should."""
        name = f"demo platform {time.time_ns()}"
        with open_context(self._server.settings, follows=False) as ctx:
            _, token = admit_partner(ctx, OPERATOR, name=name, scopes=["match", "distance"])
            try:
                with self._person, ServiceClient(self._server.address, token) as platform:
                    return self._walk(ctx, platform)
            finally:
                dismiss_partner(ctx, OPERATOR, name=name)

    def _walk(self, ctx: Context, platform: ServiceClient) -> bool:
        hashed = list(hash_files(two_photos()))
        case = self._report(platform, hashed)
        folder = Path(tempfile.mkdtemp(prefix="uploads-", dir=self._workspace))
        uploads = make_uploads(two_photos(), folder)
        is_screened = self._screen(platform, uploads)
        request = DraftRequest(
            case["case_number"],
            1,
            _SEEN["place"],
            "US-TIDA",
            declares_good_faith=True,
            has_authorisation=True,
        )
        self._notice(draft_notice(ctx, OPERATOR, request))
        return self._withdraw(platform, case, hashed, uploads) and is_screened

    def _report(self, platform: ServiceClient, hashed: Sequence[HashedFile]) -> dict[str, Any]:
        """Step 1: her device fingerprints two photos and opens a case with the signals."""
        self._title(1, "A person reports two photos from her own device")
        before = [_ids(platform.match_signals(file.signals)) for file in hashed]
        case = self._person.open_case(
            [(file.kind, file.signals) for file in hashed if file.kind is not None], [_SEEN], "en"
        )
        protected_ms = _wait_for(lambda: self._has_new_contents(platform, hashed, before))
        check_receipt(case["receipt"], key_pem=self._person.receipt_key())
        sent_bytes = sum(len(signal.value) for file in hashed for signal in file.signals)
        kept_bytes = sum(file.path.stat().st_size for file in hashed)
        if self._as_json:
            emit(
                {
                    "step": "report",
                    "case_number": case["case_number"],
                    "items": len(hashed),
                    "signal_bytes_sent": sent_bytes,
                    "picture_bytes_kept": kept_bytes,
                    "receipt_holds": True,
                    "protected_after_ms": round(protected_ms, 1),
                }
            )
            return case
        grid = Table.grid(padding=(0, 2))
        for name, value in (
            ("left her device", f"{sent_bytes:,} bytes of fingerprints"),
            ("stayed on it", f"{kept_bytes:,} bytes of pictures"),
            ("case number", case["case_number"]),
            ("passphrase", case["passphrase"]),
            ("receipt", "signed, and its signature holds"),
        ):
            grid.add_row(Text(name, style="dim"), Text(value))
        out.print(Panel(grid, border_style="cyan", expand=False))
        out.print(f"Protected [bold green]{protected_ms:.0f} ms[/] after the report was stored.")
        return case

    def _has_new_contents(
        self, platform: ServiceClient, hashed: Sequence[HashedFile], before: Sequence[set[str]]
    ) -> bool:
        """Whether each photo matches a content that it did not match before: then those are ours."""
        now = [_ids(platform.match_signals(file.signals)) for file in hashed]
        new = [ids - known for ids, known in zip(now, before, strict=True)]
        self._contents = [min(ids) for ids in new if ids]
        return all(new)

    def _screen(self, platform: ServiceClient, uploads: Sequence[Upload]) -> bool:
        """Step 2: a platform asks about every upload; whether each answer is as it should be."""
        self._title(2, f"A platform screens {len(uploads)} uploads")
        table = Table(box=None, pad_edge=False, header_style="dim")
        for heading, side in (
            ("upload", "left"),
            ("what it is", "left"),
            ("answer", "left"),
            ("seen as", "left"),
            ("distance", "right"),
            ("time", "right"),
        ):
            table.add_column(heading, justify=side)  # type: ignore[arg-type]  # one of its words
        is_right = True
        columns = (TextColumn("screening"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
            for upload in bar.track(uploads):
                data = upload.path.read_bytes()
                begun_s = time.perf_counter()
                matches = platform.match_file(data)
                took_ms = (time.perf_counter() - begun_s) * 1000
                is_right &= self._answer(table, upload, matches, took_ms)
        if not self._as_json:
            out.print(table)
            found = sum(1 for upload in uploads if upload.photo)
            verdict = (
                f"[bold green]All {found} copies found, nothing unrelated found.[/]"
                if is_right
                else "[bold red]Not as it should be: see the table.[/]"
            )
            out.print(verdict)
        return is_right

    def _answer(
        self, table: Table, upload: Upload, matches: list[dict[str, Any]], took_ms: float
    ) -> bool:
        """Tell the answer; whether it finds, of this case, the photo that the upload is made from."""
        ours = _ids(matches).intersection(self._contents)
        is_right = ours == ({self._contents[upload.photo - 1]} if upload.photo else set())
        best = min(matches, key=lambda match: match["content"] not in ours, default=None)
        if self._as_json:
            emit(
                {
                    "step": "upload",
                    "upload": upload.path.name,
                    "what": upload.edit,
                    "is_copy": bool(upload.photo),
                    "match": best,
                    "took_ms": round(took_ms, 1),
                }
            )
            return is_right
        if best is None:
            answer, seen_as, distance = Text("not known", style="dim"), "", ""
        else:
            style = {"same": "bold red", "edited": "magenta", "review": "yellow"}
            answer = Text(best["verdict"], style=style[best["verdict"]])
            seen_as = _seen_as(best)
            distance = f"{best['distance']} of {best['radius']}"
        if not is_right:
            answer.append("  (wrong)", style="bold white on red")
        table.add_row(
            clean(upload.path.name), upload.edit, answer, seen_as, distance, f"{took_ms:.0f} ms"
        )
        return is_right

    def _notice(self, notice: Notice) -> None:
        """Step 3: the centre drafts a notice for the place where she was told it is."""
        self._title(3, "The support centre drafts a notice for where it was seen")
        hours = notice.clock.length.total_seconds() / 3600
        if self._as_json:
            emit(
                {
                    "step": "notice",
                    "law": notice.law_id,
                    "status": notice.status,
                    "missing": list(notice.text.missing),
                    "clock": {
                        "kind": notice.clock.kind.value,
                        "starts_with": notice.clock.starts_with,
                        "length_h": hours,
                        "due_at": None,
                    },
                }
            )
            return
        out.print(Panel(notice.text.text.rstrip(), border_style="cyan", expand=False))
        out.print(
            f"Clock: {notice.clock.kind.value}, {hours:.0f} hours. It starts when "
            f"{notice.clock.starts_with}; this is a draft, so it has not started. "
            f"Received now, it would be due {utc_now() + notice.clock.length:%d %B %Y, %H:%M} UTC."
        )

    def _withdraw(
        self,
        platform: ServiceClient,
        case: dict[str, Any],
        hashed: Sequence[HashedFile],
        uploads: Sequence[Upload],
    ) -> bool:
        """Step 4: she withdraws the first photo; whether it is forgotten and the second is not."""
        self._title(4, "She withdraws the first photo")
        self._person.withdraw_item(case["items"][0]["id"])
        withdrawn, other = self._contents
        silent_ms = _wait_for(
            lambda: withdrawn not in _ids(platform.match_signals(hashed[0].signals))
        )
        first, second = (
            next(u for u in uploads if u.photo == number and u.edit == "mirrored")
            for number in (1, 2)
        )
        left = _ids(platform.match_file(first.path.read_bytes()))
        is_forgotten = withdrawn not in left
        is_kept = other in _ids(platform.match_file(second.path.read_bytes()))
        if self._as_json:
            emit(
                {
                    "step": "withdraw",
                    "silent_after_ms": round(silent_ms, 1),
                    "withdrawn_is_found": not is_forgotten,
                    "other_is_found": is_kept,
                }
            )
        else:
            out.print(f"Silent [bold green]{silent_ms:.0f} ms[/] after the withdrawal was stored.")
            for upload, is_found in ((first, not is_forgotten), (second, is_kept)):
                answer = "[magenta]still found[/]" if is_found else "[dim]not known any more[/]"
                out.print(f"  {upload.path.name}: {answer}")
            if left and is_forgotten:
                out.print("  [dim]Another case here still has the first photo; it is its own.[/]")
        return is_forgotten and is_kept

    def _title(self, number: int, text: str) -> None:
        if not self._as_json:
            out.print()
            out.rule(f"[bold]{number}. {text}", align="left", style="cyan")


def _ids(matches: Sequence[dict[str, Any]]) -> set[str]:
    return {match["content"] for match in matches}


def _seen_as(match: dict[str, Any]) -> str:
    if match["signal"] in ("md5", "sha256"):
        return "equal file"
    evidence = match["evidence"]
    parts = [evidence[key] for key in ("rendition", "turn")]
    if match["signal"] == "rpdq":
        parts.insert(0, "by its regions")
    words = [part.replace("_", " ") for part in parts if part not in ("as_sent", "none")]
    return ", ".join(words) or "as sent"


def _wait_for(is_reached: Callable[[], bool]) -> float:
    """Milliseconds until the service answers so, from the moment its own answer came back."""
    begun_s = time.perf_counter()
    while not is_reached():
        if time.perf_counter() - begun_s > _REACHED_WITHIN_S:
            raise OutsideServiceFailed(
                service="The live index", reason="the change did not reach it in time"
            )
    return (time.perf_counter() - begun_s) * 1000
