# SPDX-License-Identifier: Apache-2.0
"""NCMEC hash sharing, version 2: XML, entries of members, votes on their fingerprints.

Entries do not come by time: what was read counts once a whole range of time was read to its end. Times
are UTC, whatever the clock of this machine shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final
from urllib.parse import quote, urlsplit
from xml.etree.ElementTree import Element, ParseError  # the shapes only; defusedxml parses

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from haechi.errors import SourceFailed
from haechi.exchange.partners._shape import (
    Checkpoint,
    Page,
    Protocol,
    Record,
    RecordState,
    SourceConfig,
)
from haechi.exchange.partners._wire import Reply, Request, Wire
from haechi.values import Opinion, Signal, SignalType

_NAMESPACE: Final = "https://hashsharing.ncmec.org/hashsharing/v2"
_ENTRIES: Final = "/v2/entries"
_REFUSED: Final = frozenset({400, 404, 410})

_PAGE_LINK_LASTS: Final = timedelta(hours=12)
_OVERLAP: Final = timedelta(minutes=1)
"""Ranges reach into each other by so much: clocks differ, and what is read twice is the same."""
_NOT_YET: Final = timedelta(seconds=5)

# By kind of entry: the fingerprints that can be matched.
_TYPES: Final[dict[str, dict[str, SignalType]]] = {
    "image": {"pdq": SignalType.PDQ, "md5": SignalType.MD5},
    "video": {"md5": SignalType.MD5},
}


class Ncmec(Protocol):
    """One of NCMEC's environments: the address is that of the environment."""

    name: ClassVar[str] = "ncmec"
    usual_address: ClassVar[str] = "https://report.cybertip.org/hashsharing"
    needs: ClassVar[tuple[str, ...]] = ("user", "password")
    option_names: ClassVar[tuple[str, ...]] = ("only_members", "negative_reason")

    def pull(
        self, config: SourceConfig, checkpoint: Checkpoint | None, wire: Wire, *, now: datetime
    ) -> Iterator[Page]:
        """One range of time, from where the last whole one ended until now."""
        at = _Range(**checkpoint) if checkpoint else _Range()
        end = int((now - _NOT_YET).timestamp())
        if at.next and now.timestamp() - at.next_at > _PAGE_LINK_LASTS.total_seconds():
            at = _Range(at.start)
        begun_anew = False
        while True:
            upto = at.upto or end
            root = _entries(config, at, upto, wire)
            if root is None:  # the link is no longer taken
                if begun_anew:
                    raise SourceFailed(word="endless")
                at, begun_anew = _Range(at.start), True
                continue
            found = _next_link(config, root)
            if found and found == at.next:
                raise SourceFailed(word="endless")
            following = (
                _Range(at.start, upto, found, int(now.timestamp()))
                if found
                else _Range(max(at.start, upto - int(_OVERLAP.total_seconds())))
            )
            yield _page(config, root, following)
            if not found:
                return
            at = following

    def send(
        self,
        config: SourceConfig,
        reference: Mapping[str, Any],
        opinion: Opinion,
        wire: Wire,
    ) -> None:
        """Vote on each fingerprint that we took of the entry; a member has one vote on each."""
        for fingerprint in reference["fingerprints"]:
            vote = _vote(config, fingerprint, opinion, wire)
            path = "/".join(
                quote(str(part), safe="")
                for part in (reference["member"], reference["entry"], fingerprint)
            )
            request = Request(
                "PUT",
                f"{_base(config)}{_ENTRIES}/{path}/feedback",
                headers={"content-type": "application/xml; charset=utf-8"},
                content=vote,
                basic=_basic(config),
            )
            wire.ask(request)


def feedback_reasons(config: SourceConfig, fingerprint: str, wire: Wire) -> dict[str, str]:
    """Why a fingerprint may be voted against: the name of each reason by its id.

    Raises:
        SourceFailed: they were not told.
    """
    url = f"{_base(config)}/v2/feedback/{quote(fingerprint, safe='')}/reasons"
    root = wire.read(lambda _: Request("GET", url, basic=_basic(config)), _parse)
    # The list is the whole answer, or stands inside of one.
    return {
        guid: reason.get("name", "")
        for reason in root.iter("reason")
        if (guid := reason.get("guid", ""))
    }


def _vote(config: SourceConfig, fingerprint: str, opinion: Opinion, wire: Wire) -> bytes:
    root = Element("feedbackSubmission", xmlns=_NAMESPACE)
    if opinion is Opinion.CONFIRMED:
        root.append(Element("affirmative"))
    else:
        negative = Element("negative")
        reasons = Element("reasonIds")
        guid = Element("guid")
        guid.text = _reason(config, fingerprint, wire)
        reasons.append(guid)
        negative.append(reasons)
        root.append(negative)
    return _written(root)


def _written(root: Element) -> bytes:
    from xml.etree.ElementTree import tostring  # writes what we made; nothing is parsed

    return bytes(tostring(root, encoding="utf-8"))


def _reason(config: SourceConfig, fingerprint: str, wire: Wire) -> str:
    """The reason that the source's options name, or the only one there is."""
    reasons = feedback_reasons(config, fingerprint, wire)
    wanted = str(config.options.get("negative_reason", ""))
    for guid, name in reasons.items():
        if wanted and wanted.lower() in {guid.lower(), name.lower()}:
            return guid
    if wanted or len(reasons) != 1:
        # A vote with a reason that nobody meant would be wrong: somebody names one first.
        raise SourceFailed(word="reason_needed")
    return next(iter(reasons))


@dataclass(frozen=True, slots=True)
class _Range:
    """A range of time in seconds, and the link to its next page with the moment it was given."""

    start: int = 0
    upto: int = 0
    next: str = ""
    next_at: int = 0


def _entries(config: SourceConfig, at: _Range, upto: int, wire: Wire) -> Element | None:
    if at.next:
        request = Request("GET", _base(config) + at.next, basic=_basic(config))
    else:
        params: dict[str, str | int] = {"from": utc_text(at.start), "to": utc_text(upto)}
        request = Request("GET", _base(config) + _ENTRIES, params=params, basic=_basic(config))

    def parse(reply: Reply) -> Element | None:
        return None if reply.status in _REFUSED else _parse(reply)

    return wire.read(lambda _: request, parse, also=_REFUSED if at.next else ())


def utc_text(seconds: int) -> str:
    """A moment as NCMEC writes it: UTC, as its Z says."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _parse(reply: Reply) -> Element:
    try:
        root: Element = fromstring(reply.body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, LookupError) as error:
        raise ValueError("no XML") from error
    for element in root.iter():
        # The namespace adds nothing here; it is left away by some environments.
        element.tag = str(element.tag).rpartition("}")[2]
    return root


def _next_link(config: SourceConfig, root: Element) -> str:
    """The path and query of the next page; empty for none.

    Raises:
        SourceFailed: it leads elsewhere.
    """
    text = (root.findtext("paging/next") or "").strip()
    if not text:
        return ""
    base = urlsplit(_base(config))
    try:
        parts = urlsplit(text)
        leads_home = not parts.scheme and not parts.netloc
        path = parts.path
        if (parts.scheme, parts.netloc) == (base.scheme, base.netloc):
            leads_home = path.startswith(base.path)
            path = path.removeprefix(base.path)
    except ValueError:
        leads_home, path, parts = False, "", base
    if not leads_home or path != _ENTRIES:
        raise SourceFailed(word="elsewhere")
    return f"{path}?{parts.query}"


def _page(config: SourceConfig, root: Element, following: _Range) -> Page:
    only = {str(member) for member in config.options.get("only_members", ())}
    records: list[Record] = []
    set_aside: list[tuple[str, str]] = []
    skipped = 0
    rows = [entry for name in ("images", "videos") for part in root.findall(name) for entry in part]
    for number, entry in enumerate(rows, 1):
        member = entry.find("member")
        member_id = "" if member is None else member.get("id", "")
        entry_id = (entry.findtext("id") or "").strip()
        if not member_id.isdigit() or not entry_id:
            set_aside.append((f"entry {number}", "no_id"))
            continue
        if only and member_id not in only:
            skipped += 1
            continue
        record, left = _record(entry, member_id, entry_id)
        skipped += left
        records.append(record)
        if record.state is RecordState.UNCLEAR:
            set_aside.append((f"entry {number}", "no_fingerprint"))
    return Page(
        records,
        asdict(following),
        is_complete=not following.next,
        set_aside=set_aside,
        skipped=skipped,
    )


def _record(entry: Element, member_id: str, entry_id: str) -> tuple[Record, int]:
    """The record of an entry, and how many of its fingerprints we do not match.

    Large fingerprints come without their text, as a link; those are left, too.
    """
    key = f"{member_id}-{entry_id}"
    kind = entry.tag.lower()
    if kind.startswith("deleted"):
        return Record(key, RecordState.GONE), 0
    types = _TYPES.get(kind, {})
    signals: dict[str, Signal] = {}
    skipped = broken = 0
    for element in entry.iterfind("fingerprints/*"):
        type_ = types.get(element.tag.lower())
        text = (element.text or "").strip()
        if type_ is None or not text:
            skipped += 1
            continue
        try:
            signals[element.tag.upper()] = Signal.parse(type_.value, text)
        except ValueError:
            broken += 1
    if not signals:
        # Of a kind that we do not match it holds nothing that could be: no longer, if it did.
        return Record(key, RecordState.UNCLEAR if broken else RecordState.GONE), skipped
    reference = {"member": member_id, "entry": entry_id, "fingerprints": sorted(signals)}
    record = Record(
        key,
        RecordState.PRESENT,
        tuple(signals.values()),
        reference,
        is_confirmed=True,  # members look before they enter something
        confirmed=_voices(entry, "affirmativeFeedback"),
        doubted=_voices(entry, "negativeFeedback"),
    )
    return record, skipped


def _voices(entry: Element, tag: str) -> int:
    """How many members voted so; they stand beside a reason, or within it."""
    found = {
        member.get("id", "")
        for vote in entry.iterfind(f"feedback/{tag}")
        for member in vote.iter("member")
    }
    return len(found)


def _base(config: SourceConfig) -> str:
    return config.address.rstrip("/")


def _basic(config: SourceConfig) -> tuple[str, str]:
    return config.credentials["user"], config.credentials["password"]
