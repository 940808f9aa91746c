# SPDX-License-Identifier: Apache-2.0
"""Meta ThreatExchange over the Graph API: the updates of one privacy group, and reactions to them.

Updates come by the time they were made, so that a pull may go on from the newest one it has. The token
travels in the query, as this API wants it: it is in no error and no log, and never follows a link
that leads elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

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
from haechi.values import Opinion, Signal, SignalType

_PAGE: Final = 100
_OVERLAP_S: Final = 1
_REFUSED: Final = frozenset({400, 404})
_FIELDS: Final = (
    "id,indicator,type,last_updated,should_delete,descriptors{id,reactions,owner{id},tags,status}"
)

# The type, and the tags of which one is needed so that the digest is one of a picture or a video.
_OF_MEDIA: Final = frozenset({"media_type_video", "media_type_photo"})
_TYPES: Final[dict[str, tuple[SignalType, frozenset[str]]]] = {
    "HASH_PDQ": (SignalType.PDQ, frozenset()),
    "HASH_VIDEO_MD5": (SignalType.MD5, frozenset()),
    "HASH_VIDEO_SHA256": (SignalType.SHA256, frozenset()),
    "HASH_MD5": (SignalType.MD5, _OF_MEDIA),
    "HASH_SHA256": (SignalType.SHA256, _OF_MEDIA),
}

_VERDICTS: Final = frozenset({"MALICIOUS", "NON_MALICIOUS"})

_REACTIONS: Final = {
    Opinion.CONFIRMED: "HELPFUL",
    Opinion.NOT_THIS: "NOT_HELPFUL",
    Opinion.DISPUTED: "DISAGREE_WITH_TAGS",
}


class ThreatExchange(Protocol):
    """One privacy group, by the option `privacy_group`."""

    name: ClassVar[str] = "threatexchange"
    usual_address: ClassVar[str] = "https://graph.facebook.com/v26.0"
    needs: ClassVar[tuple[str, ...]] = ("api_token",)
    option_names: ClassVar[tuple[str, ...]] = ("privacy_group",)
    # What was taken out is told of for 90 days.
    stale_after: ClassVar[timedelta | None] = timedelta(days=85)

    def check(self, config: SourceConfig) -> None:
        """Make sure that a pull can be tried: it needs a privacy group by its number."""
        super().check(config)
        if not str(config.options.get("privacy_group", "")).isdecimal():
            raise MalformedField(
                field="options", reason="ThreatExchange needs the option privacy_group, a number."
            )

    def pull(
        self,
        config: SourceConfig,
        checkpoint: Checkpoint | None,
        wire: Wire,
        *,
        now: datetime,
    ) -> Iterator[Page]:
        """Pages of updates from the newest that is known on; a cursor that is refused begins there anew."""
        newest = checkpoint["newest"] if checkpoint else 0
        cursor = checkpoint["cursor"] if checkpoint else ""
        begun_anew = False
        while True:
            body = _updates(config, newest, cursor, wire)
            if body is None:
                if begun_anew:
                    raise SourceFailed(word="endless")
                cursor, begun_anew = "", True
                continue
            rows = _list(body.get("data"))
            # One whose clock is ahead must not hide what comes until then.
            times = [_seconds(row) for row in rows if isinstance(row, dict)]
            newest = max([newest, *(at for at in times if at <= now.timestamp())])
            following = _next_cursor(config, body)
            if following and following == cursor:
                raise SourceFailed(word="endless")
            place = {"newest": newest, "cursor": following}
            yield _page(rows, place, is_complete=not following)
            if not following:
                return
            cursor = following

    def send(
        self,
        config: SourceConfig,
        reference: Mapping[str, Any],
        opinion: Opinion,
        wire: Wire,
    ) -> None:
        """React to every description of the indicator; the same reaction again changes nothing."""
        body = urlencode(
            {"access_token": config.credentials["api_token"], "reactions": _REACTIONS[opinion]}
        ).encode()
        for descriptor in reference["descriptors"]:
            request = Request(
                "POST",
                f"{_base(config)}/{quote(str(descriptor), safe='')}/",
                headers={"content-type": "application/x-www-form-urlencoded"},
                content=body,
            )
            wire.ask(request)


def _updates(config: SourceConfig, newest: int, cursor: str, wire: Wire) -> dict[str, Any] | None:
    """One page; None when the cursor was refused."""
    params: dict[str, str | int] = {"limit": _PAGE, "fields": _FIELDS}
    if newest:
        params["start_time"] = max(0, newest - _OVERLAP_S)
    if cursor:
        params = dict(parse_qsl(cursor))
    params["access_token"] = config.credentials["api_token"]
    request = Request("GET", _url(config), params=params)

    def parse(reply: Reply) -> dict[str, Any] | None:
        if reply.status in _REFUSED:
            return None
        body = parse_json_object(reply)
        if not isinstance(body.get("data"), list):
            raise ValueError("no data")  # noqa: TRY004  # as a cut off answer
        return body

    return wire.read(lambda _: request, parse, also=_REFUSED if cursor else ())


def _next_cursor(config: SourceConfig, body: Mapping[str, Any]) -> str:
    """The query of the next page without the token; empty for none.

    Raises:
        SourceFailed: it leads elsewhere.
    """
    paging = body.get("paging")
    link = paging.get("next") if isinstance(paging, dict) else None
    if not link:
        return ""
    home = urlsplit(_url(config))
    try:
        parts = urlsplit(str(link))
    except ValueError:
        parts = urlsplit("")
    if (parts.scheme, parts.netloc, parts.path.rstrip("/")) != (
        home.scheme,
        home.netloc,
        home.path.rstrip("/"),
    ):
        raise SourceFailed(word="elsewhere")
    return urlencode([pair for pair in parse_qsl(parts.query) if pair[0] != "access_token"])


def _page(rows: Sequence[Any], place: Mapping[str, Any], *, is_complete: bool) -> Page:
    records: list[Record] = []
    set_aside: list[tuple[str, str]] = []
    skipped = 0
    for number, row in enumerate(rows, 1):
        if not isinstance(row, dict) or not isinstance(row.get("indicator"), str):
            set_aside.append((f"update {number}", "no_record"))
            continue
        wanted = _TYPES.get(str(row.get("type")))
        if wanted is None:
            skipped += 1
            continue
        record = _record(row, *wanted)
        records.append(record)
        if record.state is RecordState.UNCLEAR:
            set_aside.append((f"update {number}", "no_fingerprint"))
    return Page(records, place, is_complete=is_complete, set_aside=set_aside, skipped=skipped)


def _record(row: Mapping[str, Any], kind: SignalType, tags_wanted: frozenset[str]) -> Record:
    value = row["indicator"].strip().lower()
    key = f"{row['type']}:{value}"
    # One of which nothing is shown at all is no longer shared with us, though it is not marked.
    if row.get("should_delete") or "descriptors" not in row:
        return Record(key, RecordState.GONE)
    # One that is described by somebody who is not shown comes and goes: it says nothing.
    described = [one for one in _data(row.get("descriptors")) if _owner(one)]
    try:
        signal = Signal.parse(kind.value, value)
    except ValueError:
        described = []
    if not described:
        return Record(key, RecordState.UNCLEAR)
    tags = {_text(tag) for one in described for tag in _data(one.get("tags"))}
    for_it, against = _voices(described)
    seeds = any(_status(one) not in _VERDICTS for one in described)
    if (tags_wanted and not tags & tags_wanted) or (against and not for_it and not seeds):
        # A digest of something else, or all who speak of it say that it is harmless.
        return Record(key, RecordState.GONE)
    return Record(
        key,
        RecordState.PRESENT,
        (signal,),
        {"descriptors": sorted(str(one["id"]) for one in described if one.get("id"))},
        is_confirmed=bool(for_it),
        confirmed=len(for_it),
        doubted=len(against),
    )


def _voices(described: Sequence[Mapping[str, Any]]) -> tuple[set[str], set[str]]:
    """Who says that it is harmful, and who that it is not; who described it is heard before who reacted."""
    told: dict[str, bool] = {}
    for one in described:
        for reaction in _list(one.get("reactions")):
            if not isinstance(reaction, dict):
                continue
            word = str(reaction.get("key"))
            if word in {"HELPFUL", "DISAGREE_WITH_TAGS"}:
                for owner in str(reaction.get("value", "")).split(","):
                    told[owner] = told.get(owner, False) or word == "HELPFUL"
    for one in described:
        if _status(one) in _VERDICTS:
            told[_owner(one)] = _status(one) == "MALICIOUS"
    told.pop("", None)
    return (
        {owner for owner, is_for in told.items() if is_for},
        {owner for owner, is_for in told.items() if not is_for},
    )


def _data(value: object) -> list[dict[str, Any]]:
    """The objects of a list, which this API wraps as `data` in most places."""
    rows = value.get("data") if isinstance(value, dict) else value
    return [one for one in _list(rows) if isinstance(one, dict)]


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _owner(described: Mapping[str, Any]) -> str:
    owner = described.get("owner")
    return str(owner.get("id", "")) if isinstance(owner, dict) else ""


def _status(described: Mapping[str, Any]) -> str:
    return str(described.get("status"))


def _text(tag: Mapping[str, Any]) -> str:
    return str(tag.get("text", ""))


def _seconds(row: Mapping[str, Any]) -> int:
    try:
        return int(row.get("last_updated") or 0)
    except (TypeError, ValueError, OverflowError):
        return 0


def _base(config: SourceConfig) -> str:
    return config.address.rstrip("/")


def _url(config: SourceConfig) -> str:
    return f"{_base(config)}/{config.options['privacy_group']}/threat_updates/"
