# SPDX-License-Identifier: Apache-2.0
"""`haechi bench`: our figures beside the peers', measured here and now."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import typer

from haechi.cli._bench_table import print_report
from haechi.cli._handed import Benches, Handed, ReportLike, Say
from haechi.cli._output import JsonFlag, emit, err

bench_app = typer.Typer(
    help="Measure Haechi beside other programs, on this machine.\n\n"
    "A missed goal is shown as missed; it is no error.\n\nExample: haechi bench hash photos",
    no_args_is_help=True,
)

_MOST: Final = 100_000_000


def _count(text: str) -> int:
    """A whole number, also written as 1e6."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not (1 <= number <= _MOST and number.is_integer()):
        raise typer.BadParameter(f"{text} is not a whole number from 1 to 1e8")
    return int(number)


Photos = Annotated[
    Path,
    typer.Argument(
        help="A folder of photos; folders in it count too.",
        metavar="PHOTOS",
        exists=True,
        file_okay=False,
    ),
]
SomePhotos = Annotated[
    Path | None,
    typer.Argument(
        help="A folder of photos; without it, what installed packages bring.",
        metavar="[PHOTOS]",
        exists=True,
        file_okay=False,
        show_default=False,
    ),
]
Size = Annotated[
    int, typer.Option("--size", parser=_count, metavar="N", help="How many are known: 1e6, 1e7.")
]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out", file_okay=False, help="Write the JSON and the plots here.", show_default=False
    ),
]
EveryEdit = Annotated[
    bool, typer.Option("--all", help="Every edit of every photo, not a sample of each.")
]
_EDITS_EACH: Final = 40


@bench_app.command("match")
def match(
    given: typer.Context,
    *,
    size: Size = "1e6",  # type: ignore[assignment]  # Typer parses it
    threads: Annotated[int, typer.Option(min=1, help="Threads, ours and the peers'.")] = 1,
    as_json: JsonFlag = False,
    out: Out = None,
) -> None:
    """Search among known values within 31 bits, beside faiss; every answer is compared.

    Example: haechi bench match --size 1e6 --json
    """

    def run(benches: Benches, _say: Say) -> ReportLike:
        return benches.bench_search(size, threads=threads)

    _measure(given, "match", run, as_json=as_json, out=out)


@bench_app.command("hash")
def hash_photos(
    given: typer.Context, photos: Photos, *, as_json: JsonFlag = False, out: Out = None
) -> None:
    """From a photo's bytes to its PDQ, beside Pillow and pdqhash, by format and size.

    Example: haechi bench hash photos --json
    """

    def run(benches: Benches, _say: Say) -> ReportLike:
        return benches.bench_hash(photos)

    _measure(given, "hash", run, as_json=as_json, out=out)


@bench_app.command("video")
def video(
    given: typer.Context,
    folder: SomePhotos = None,
    *,
    as_json: JsonFlag = False,
    out: Out = None,
) -> None:
    """From a video to its fingerprint, and which edits of films made of photos are found.

    In the folder, videos that lie beside a list of their frames' hashes (NAME.mp4, NAME.txt) are compared
    with it.

    Example: haechi bench video photos --json
    """

    def run(benches: Benches, _say: Say) -> ReportLike:
        return benches.bench_video(folder)

    _measure(given, "video", run, as_json=as_json, out=out)


@bench_app.command("live")
def live(
    given: typer.Context,
    *,
    size: Size = "1e6",  # type: ignore[assignment]  # Typer parses it
    rate: Annotated[float, typer.Option(min=0.1, help="Reports a second.")] = 50,
    seconds: Annotated[float, typer.Option(min=1, help="How long.")] = 20,
    as_json: JsonFlag = False,
    out: Out = None,
) -> None:
    """Time to protect and to withdraw, under load, over HTTP to two real servers on one database.

    Reports go to one of them. One in four is followed until both answer by it, withdrawn, and followed
    until both are silent. So is a follower of the change feed in a process of its own; another is killed
    every few seconds, and in the end the sets of both are compared with the bank's. The first run fills a database, which is kept under build/ for the next one.

    Example: haechi bench live --size 1e5 --rate 20 --seconds 10
    """

    def run(benches: Benches, say: Say) -> ReportLike:
        return benches.bench_live(size, rate_per_s=rate, seconds=seconds, say=say)

    _measure(given, "live", run, as_json=as_json, out=out)


@bench_app.command("api")
def api(
    given: typer.Context,
    *,
    size: Size = "1e6",  # type: ignore[assignment]  # Typer parses it
    seconds: Annotated[float, typer.Option(min=1, help="How long each way of asking.")] = 10,
    as_json: JsonFlag = False,
    out: Out = None,
) -> None:
    """Lookups a second over HTTP, one by one and in batches, of a server that shares the machine.

    The platform that asks runs beside it. The first run fills a database, which is kept under build/
    for the next one.

    Example: haechi bench api --json
    """

    def run(benches: Benches, say: Say) -> ReportLike:
        return benches.bench_api(size, seconds=seconds, say=say)

    _measure(given, "api", run, as_json=as_json, out=out)


@bench_app.command("edits")
def edits(
    given: typer.Context,
    photos: Photos,
    *,
    negatives: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            file_okay=False,
            help="A folder of other photos, none of which shows a picture of PHOTOS.",
            show_default=False,
        ),
    ] = None,
    split: Annotated[
        str,
        typer.Option(
            metavar="test|tune|all",
            help="Which photos are edited. The first bit of BLAKE2b over a seed and the bytes of its file "
            "puts each photo in one of the two halves, the same one always.",
        ),
    ] = "all",
    most_photos: Annotated[
        int | None,
        typer.Option("--photos", min=1, help="Edit only so many photos.", show_default=False),
    ] = None,
    every: EveryEdit = False,
    as_json: JsonFlag = False,
    out: Out = None,
) -> None:
    """Look for edited photos among those of the folder, and for what must not be found.

    All photos of the folder are known. Each is edited in 40 ways, drawn so that all edits come equally
    often (--all: in every way), and every file is screened as an upload is, and by the peers.

    Example: haechi bench edits photos --json
    """
    if split not in {"test", "tune", "all"}:
        raise typer.BadParameter("it is one of test, tune and all", param_hint="--split")

    def run(benches: Benches, say: Say) -> ReportLike:
        return benches.bench_edits(
            photos,
            negatives=negatives,
            split=split,
            most_photos=most_photos,
            edits_each=None if every else _EDITS_EACH,
            out=out,
            say=say,
        )

    _measure(given, "edits", run, as_json=as_json, out=out)


@bench_app.command("all")
def every_bench(
    given: typer.Context,
    photos: SomePhotos = None,
    *,
    as_json: JsonFlag = False,
    out: Out = None,
) -> None:
    """Run every bench, at sizes that finish in about a quarter of an hour on two cores.

    Example: haechi bench all photos --out build/bench
    """

    def edits_run(benches: Benches, say: Say) -> ReportLike:
        return benches.bench_edits(
            photos,
            negatives=None,
            split="all",
            most_photos=None,
            edits_each=_EDITS_EACH_OF_ALL,
            out=out,
            say=say,
        )

    runs: dict[str, Run] = {
        "match": lambda benches, _: benches.bench_search(1_000_000, threads=1),
        "hash": lambda benches, _: benches.bench_hash(photos),
        "live": lambda benches, say: benches.bench_live(
            1_000_000, rate_per_s=50, seconds=20, say=say
        ),
        "api": lambda benches, say: benches.bench_api(1_000_000, seconds=10, say=say),
        "video": lambda benches, _: benches.bench_video(photos),
        "edits": edits_run,
    }
    for name, run in runs.items():
        _measure(given, name, run, as_json=as_json, out=out)


_EDITS_EACH_OF_ALL: Final = 20

Run = Callable[[Benches, Say], ReportLike]


def _measure(given: typer.Context, name: str, run: Run, *, as_json: bool, out: Path | None) -> None:
    handed: Handed = given.obj
    if out is not None:
        # Before the work: a folder that cannot be made would lose it.
        _make(out)
    with _saying(name) as say:
        report = run(handed.load_benches(), say)
    line = report.as_json()
    if out is not None:
        text = json.dumps(line, ensure_ascii=False, indent=1)
        (out / f"{report.bench}.json").write_text(text + "\n", encoding="utf-8")
    if as_json:
        emit(line)
    else:
        print_report(report, machine=str(line["machine"]))


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise typer.BadParameter("this folder cannot be made", param_hint="--out") from error


@contextmanager
def _saying(name: str) -> Iterator[Say]:
    """What the bench is at, on a terminal only."""
    if not err.is_terminal:
        yield lambda _text: None
        return
    with err.status(f"bench {name}") as status:
        yield lambda text: status.update(f"bench {name}: {text}")
