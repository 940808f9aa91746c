# SPDX-License-Identifier: Apache-2.0
"""The JSON of a StopNCII-shaped list: records as its clients read them, and what they send back.

Names and values are those of python-threatexchange's client. A word that is not known here is no reason to
refuse a record that can be used without it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from haechi.values import Opinion, Signal, SignalType
from haechi.workflows import Judged, ListPage, ListRecord, ListStatus, Submitted

_TYPES: Final = {SignalType.PDQ: "ImagePDQ", SignalType.MD5: "VideoMD5"}
_KINDS: Final = {name: kind for kind, name in _TYPES.items()}
_STATUS: Final = {
    ListStatus.ACTIVE: "Active",
    ListStatus.WITHDRAWN: "Withdrawn",
    ListStatus.DELETED: "Deleted",
}
_TAKEN_BACK: Final = frozenset({"Withdrawn", "Deleted"})
_FEEDBACK: Final = {
    Opinion.CONFIRMED: "Blocked",
    Opinion.NOT_THIS: "NotBlocked",
    Opinion.DISPUTED: "NotBlocked",
}
_OPINIONS: Final = {"Blocked": Opinion.CONFIRMED, "NotBlocked": Opinion.NOT_THIS}
_DIGITS: Final = {64: SignalType.PDQ, 32: SignalType.MD5}
_NO_RECORD: Final = "not a record"
_NO_VALUE: Final = "not a value of its type"
_NO_TYPE: Final = "a type that is not taken"


def page_body(page: ListPage) -> dict[str, Any]:
    """A page as it is sent; the token names the step after which the next page begins."""
    return {
        "count": len(page.records),
        "nextPageToken": f"{page.position}.{page.since_s}" if page.has_more else None,
        "nextSetTimestamp": page.since_s,
        "hasMoreRecords": page.has_more,
        "hashRecords": [_record(one) for one in page.records],
    }


def page_token(token: str) -> tuple[int, int]:
    """The step and the moment that a token names.

    Raises:
        ValueError: it is none of ours.
    """
    position, _, reached_s = token.partition(".")
    if not (token.isascii() and position.isdigit() and reached_s.isdigit() and len(token) < 32):
        raise ValueError("no token")
    return int(position), int(reached_s)


def _record(one: ListRecord) -> dict[str, Any]:
    feedbacks = [
        {
            "source": said.source,
            "feedbackValue": _FEEDBACK[said.value],
            "tags": ["disputed"] if said.value is Opinion.DISPUTED else [],
        }
        for said in one.opinions
    ]
    if one.is_for_review:
        feedbacks.append({"source": "", "feedbackValue": "PendingReview", "tags": ["review"]})
    return {
        "lastModtimestamp": int(one.changed_at.timestamp()),
        "signalType": _TYPES[one.signal.type],
        "hashValue": one.signal.hex,
        "hashStatus": _STATUS[one.status],
        "caseNumbers": {word: _STATUS[status] for word, status in one.cases.items()},
        "CSPFeedbacks": feedbacks,
    }


def read_submitted(record: object) -> Submitted:
    """One record of `SubmitHashes`; what cannot be used comes with the reason, and nothing of it."""
    if not isinstance(record, Mapping):
        return Submitted(None, _NO_RECORD)
    # A client writes the name of its own enumeration in front.
    kind = _KINDS.get(str(record.get("signalType")).rpartition(".")[2])
    if kind is None:
        return Submitted(None, _NO_TYPE)
    signal = _signal(kind, record.get("hashValue"))
    if signal is None:
        return Submitted(None, _NO_VALUE)
    said = record.get("CSPFeedbacks")
    values = [
        one.get("feedbackValue")
        for one in (said if isinstance(said, list) else [])
        if isinstance(one, Mapping)
    ]
    is_taken_back = bool(values) and all(str(value) in _TAKEN_BACK for value in values)
    return Submitted(signal, is_taken_back=is_taken_back)


def read_judged(feedback: object) -> Judged:
    """One record of `SubmitFeedback`, which names no type: the length of the value tells it."""
    if not isinstance(feedback, Mapping):
        return Judged(None, None, _NO_RECORD)
    value = feedback.get("hashValue")
    kind = _DIGITS.get(len(value)) if isinstance(value, str) else None
    signal = None if kind is None else _signal(kind, value)
    if signal is None:
        return Judged(None, None, _NO_VALUE)
    word = str(feedback.get("feedbackValue")).rpartition(".")[2]
    return Judged(signal, _OPINIONS.get(word))


def _signal(kind: SignalType, value: object) -> Signal | None:
    if not isinstance(value, str):
        return None
    try:
        return Signal.parse(kind.value, value)
    except ValueError:
        return None
