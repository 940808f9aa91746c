# SPDX-License-Identifier: Apache-2.0
"""What to do with an upload, read from a Haechi's answer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Action(StrEnum):
    """What to do with an upload. `review`: hold it until a person has looked."""

    BLOCK = "block"
    REVIEW = "review"
    NONE = "none"


_STRICTEST_FIRST = (Action.BLOCK, Action.REVIEW, Action.NONE)


class Reason(StrEnum):
    """Why a decision is as it is; all but `answered` are settled by the gate's settings."""

    ANSWERED = "answered"
    NO_ANSWER = "no_answer"
    """No answer in time, an error, too many questions at once, or an answer that cannot be read."""
    NOT_LET_IN = "not_let_in"
    """The token has ended or lacks the scope `match`: nothing is checked until that is mended."""
    UNREADABLE = "unreadable"
    """The service looked, and the file is damaged or of a kind that it does not read."""
    TOO_LARGE = "too_large"
    """More bytes than the gate or the service takes."""


@dataclass(frozen=True, slots=True)
class KnownCopy:
    """One known content that an upload matches; every id is opaque."""

    id: str
    """Of this match, for opinions and appeals; empty where the service gives none."""
    content: str
    bank: str
    verdict: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do with one upload, and why."""

    action: Action
    matches: tuple[KnownCopy, ...] = ()
    reason: Reason = Reason.ANSWERED

    @property
    def is_answer(self) -> bool:
        """Whether the service said so; otherwise the gate's settings did."""
        return self.reason is Reason.ANSWERED

    @property
    def reference(self) -> str:
        """What an uploader names in an appeal; empty without a match."""
        first = next(iter(self.matches), None)
        return "" if first is None else first.id or first.content

    @classmethod
    def of_answer(cls, body: Any) -> Decision:
        """The decision in the decoded JSON of `POST /v1/match`.

        A service that names no `action` is read by its matches: one for review where bank or verdict
        say so, blocked otherwise.

        Raises:
            ValueError: it has not the shape of an answer.
        """
        try:
            matches = body["matches"]
            copies = tuple(_copy(match) for match in matches)
            said = body.get("action")
            action = (
                strictest(_action(match) for match in matches) if said is None else Action(said)
            )
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError("this is no answer to a match") from error
        return cls(action, copies)


def strictest(actions: Any) -> Action:
    """The strictest of some actions; `none` of none."""
    found = set(actions)
    return next((action for action in _STRICTEST_FIRST if action in found), Action.NONE)


def _copy(match: dict[str, Any]) -> KnownCopy:
    return KnownCopy(
        str(match.get("match") or ""),
        str(match["content"]),
        str(match["bank"]),
        str(match["verdict"]),
    )


def _action(match: dict[str, Any]) -> Action:
    if match.get("policy") == "allow":
        return Action.NONE
    if "review" in (match.get("policy"), match["verdict"]):
        return Action.REVIEW
    return Action.BLOCK
