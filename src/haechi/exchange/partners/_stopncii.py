# SPDX-License-Identifier: Apache-2.0
"""StopNCII: hashes of people who asked for help, and what services say of them.

A record is a value. It has gone when its status says so, or when every case it came from is withdrawn:
one of two people who reported the same picture does not take back the other's report.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from haechi.errors import MalformedField, SourceFailed
from haechi.exchange.partners._shape import (
    Checkpoint,
    Page,
    Protocol,
    Record,
    RecordState,
    SourceConfig,
)
from haechi.exchange.partners._wire import Reply, Request, Wire, parse_json_object
from haechi.values import Opinion, Signal, SignalType, utc_now

_FIRST_TIMESTAMP: Final = 10
_PAGE: Final = 800
_SMALLEST_PAGE: Final = 25
_REFUSED: Final = frozenset({400, 404, 410})

_TYPES: Final = {"imagepdq": SignalType.PDQ, "videomd5": SignalType.MD5}
_NAMES: Final = {SignalType.PDQ: "ImagePDQ", SignalType.MD5: "VideoMD5"}
_GONE: Final = frozenset({"withdrawn", "deleted"})

_FEEDBACK: Final[dict[Opinion, tuple[str, tuple[str, ...]]]] = {
    Opinion.CONFIRMED: ("Blocked", ()),
    Opinion.NOT_THIS: ("NotBlocked", ()),
    # There is no word for "this should not be in the list": a tag says it.
    Opinion.DISPUTED: ("NotBlocked", ("disputed",)),
}


class StopNcii(Protocol):
    """The API of StopNCII.org, or of whoever serves the same."""

    name: ClassVar[str] = "stopncii"
    usual_address: ClassVar[str] = "https://api.stopncii.org/v1"
    needs: ClassVar[tuple[str, ...]] = ("subscription_key", "fetch_function_key")
    may_have: ClassVar[tuple[str, ...]] = ("feedback_function_key", "submit_function_key")
    stale_after: ClassVar[timedelta | None] = timedelta(days=30)

    def pull(
        self,
        config: SourceConfig,
        checkpoint: Checkpoint | None,
        wire: Wire,
        *,
        now: datetime,  # noqa: ARG002  # the source's own times count
    ) -> Iterator[Page]:
        """Pages from the checkpoint on; a page token that is no longer taken begins its range anew."""
        at = _Place.of(checkpoint)
        begun_anew = False
        while True:
            told = _fetch(config, at, wire)
            if told is None:
                if begun_anew:
                    raise SourceFailed(word="endless")
                at, begun_anew = _Place(at.start), True
                continue
            after = _next_place(at, told)
            yield _page(told, after, is_complete=not after.token)
            if not after.token:
                return
            at = after

    def send(
        self,
        config: SourceConfig,
        reference: Mapping[str, Any],
        opinion: Opinion,
        wire: Wire,
    ) -> None:
        """Say `Blocked` or `NotBlocked` of a value; a feedback of the same kind again changes nothing."""
        word, tags = _FEEDBACK[opinion]
        told = {"hashValue": reference["value"], "feedbackValue": word, "tags": list(tags)}
        _post(config, "SubmitFeedback", "feedback_function_key", {"hashFeedbacks": [told]}, wire)


def submit_hashes(config: SourceConfig, signals: Sequence[Signal], wire: Wire) -> None:
    """Hand hashes that we found ourselves to StopNCII, as blocked here.

    Raises:
        MalformedField: a type that it does not know, or no key for it. SourceFailed: it did not take them.
    """
    if any(signal.type not in _NAMES for signal in signals):
        raise MalformedField(field="signals", reason="Only pdq and md5 can be sent there.")
    stamp = int(utc_now().timestamp())
    records = [
        {
            "lastModtimestamp": stamp,
            "signalType": _NAMES[signal.type],
            "hashValue": signal.hex,
            "CSPFeedbacks": [{"tags": [], "feedbackValue": "Blocked"}],
        }
        for signal in signals
    ]
    _post(config, "SubmitHashes", "submit_function_key", {"hashRecords": records}, wire)


def _post(
    config: SourceConfig, endpoint: str, key_name: str, body: Mapping[str, list[Any]], wire: Wire
) -> None:
    key = config.credentials.get(key_name)
    if not key:
        raise MalformedField(field="credentials", reason=f"This needs the credential {key_name}.")
    (rows,) = body.values()
    request = Request(
        "POST",
        f"{config.address.rstrip('/')}/{endpoint}",
        headers={**_headers(config, key), "content-type": "application/json"},
        content=json.dumps({"count": len(rows), **body}).encode(),
    )
    wire.ask(request)


def _headers(config: SourceConfig, key: str) -> dict[str, str]:
    return {
        "x-functions-key": key,
        "Ocp-Apim-Subscription-Key": config.credentials["subscription_key"],
    }


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a pull is: where its range began, the token of its next page, where the range after it begins."""

    start: int
    token: str = ""
    following: int = 0

    @classmethod
    def of(cls, checkpoint: Checkpoint | None) -> _Place:
        if checkpoint is None:
            return cls(_FIRST_TIMESTAMP)
        return cls(checkpoint["start"], checkpoint["token"], checkpoint["following"])

    def as_json(self) -> dict[str, Any]:
        return {"start": self.start, "token": self.token, "following": self.following}


@dataclass(frozen=True, slots=True)
class _Told:
    rows: Sequence[Any]
    token: str
    following: int
    has_more: bool
    count: int


def _fetch(config: SourceConfig, at: _Place, wire: Wire) -> _Told | None:
    """One page; None when the token was refused. One that comes cut off is asked for in smaller pieces."""
    url = f"{config.address.rstrip('/')}/FetchHashes"
    headers = _headers(config, config.credentials["fetch_function_key"])
    attempts = 0

    def make(attempt: int) -> Request:
        nonlocal attempts
        attempts = attempt
        size = max(_SMALLEST_PAGE, _PAGE >> max(0, attempt - 1))
        params: dict[str, str | int] = {"startTimestamp": at.start, "pageSize": size}
        if at.token:
            params["nextPageToken"] = at.token
        return Request("GET", url, params=params, headers=headers)

    def parse(reply: Reply) -> _Told | None:
        if reply.status in _REFUSED:
            return None
        told = _told(parse_json_object(reply))
        if len(told.rows) < told.count and attempts + 1 < wire.tries:
            raise ValueError("fewer than it says")
        return told

    return wire.read(make, parse, also=_REFUSED if at.token else ())


def _told(body: Mapping[str, Any]) -> _Told:
    rows = body.get("hashRecords") or []
    if not isinstance(rows, list):
        raise ValueError("no records")  # noqa: TRY004  # as a cut off answer
    count = _whole(body.get("count"))
    return _Told(
        rows,
        str(body.get("nextPageToken") or ""),
        _whole(body.get("nextSetTimestamp")) or 0,
        bool(body.get("hasMoreRecords")),
        len(rows) if count is None else count,
    )


def _whole(value: object) -> int | None:
    try:
        return int(value) if isinstance(value, (int, float, str)) else None
    except (ValueError, OverflowError):
        return None


def _next_place(at: _Place, told: _Told) -> _Place:
    # It never goes back, whatever a page says: what was read once is read again for nothing.
    following = max(at.start, at.following, told.following)
    if not told.has_more:
        return _Place(following)
    if told.token and told.token != at.token:
        return _Place(at.start, told.token, following)
    # More, and no way to it: another pull would stand here again.
    raise SourceFailed(word="endless")


def _page(told: _Told, after: _Place, *, is_complete: bool) -> Page:
    records: list[Record] = []
    set_aside: list[tuple[str, str]] = []
    skipped = 0
    for number, row in enumerate(told.rows, 1):
        if not isinstance(row, dict):
            set_aside.append((f"record {number}", "no_record"))
            continue
        kind = _TYPES.get(_word(row.get("signalType")))
        if kind is None:
            skipped += 1
            continue
        record = _record(row, kind)
        records.append(record)
        if record.state is RecordState.UNCLEAR:
            set_aside.append((f"record {number}", "no_fingerprint"))
    is_short = len(told.rows) < told.count
    if len(told.rows) != told.count:
        set_aside.append(("page", "count_differs"))
    return Page(
        records,
        after.as_json(),
        is_complete=is_complete,
        is_doubtful=is_short,
        set_aside=set_aside,
        skipped=skipped,
    )


def _record(row: Mapping[str, Any], kind: SignalType) -> Record:
    value = str(row.get("hashValue") or "").strip().lower()
    key = f"{kind.value}:{value}"
    if _is_gone(row):
        return Record(key, RecordState.GONE)
    try:
        signal = Signal.parse(kind.value, value)
    except ValueError:
        return Record(key, RecordState.UNCLEAR)
    words = [_word(one.get("feedbackValue")) for one in _objects(row.get("CSPFeedbacks"))]
    confirmed = words.count("blocked")
    return Record(
        key,
        RecordState.PRESENT,
        (signal,),
        {"value": value, "type": _NAMES[kind]},
        is_confirmed=confirmed > 0,
        confirmed=confirmed,
        doubted=words.count("notblocked"),
    )


def _is_gone(row: Mapping[str, Any]) -> bool:
    if _word(row.get("hashStatus")) in _GONE:
        return True
    told = row.get("caseNumbers")
    if isinstance(told, dict):
        cases = [_word(status) for status in told.values()]
    else:
        # Seen as a list too: of nothing, of numbers alone, or of objects.
        cases = [
            _word(one.get("status") or one.get("caseStatus")) if isinstance(one, dict) else ""
            for one in (told if isinstance(told, list) else [])
        ]
    return bool(cases) and all(status in _GONE for status in cases)


def _objects(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _word(value: object) -> str:
    """A word of an enumeration, however it is written: some clients send its Python name."""
    return str(value or "").rpartition(".")[2].strip().lower()
