# SPDX-License-Identifier: Apache-2.0
"""What every protocol speaks of: records, pages of them, and how a source is reached."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar
from urllib.parse import urlsplit

from haechi.errors import MalformedField, SourceFailed
from haechi.exchange.partners._wire import Wire
from haechi.values import Opinion, Signal

Checkpoint = Mapping[str, Any]
"""Where a pull goes on: small, and as JSON; each protocol has its own."""


class RecordState(StrEnum):
    """What a source says of a record."""

    PRESENT = "present"
    GONE = "gone"
    UNCLEAR = "unclear"
    """It is there and cannot be read: what is known of it stays as it is."""


@dataclass(frozen=True, slots=True)
class Record:
    """One thing that a source vouches for, or no longer does.

    `key` is the source's own name for it and the same in every pull. `reference` is what an opinion on it
    is sent back by. `until`: nobody may be told of it from then on. `confirmed` and `doubted` count the members of the exchange that said so.
    `is_confirmed`: somebody has looked and says that it is what the list says.
    """

    key: str = field(repr=False)
    state: RecordState
    signals: tuple[Signal, ...] = ()
    reference: Mapping[str, Any] = field(default_factory=dict, repr=False)
    until: datetime | None = None
    is_confirmed: bool = False
    confirmed: int = 0
    doubted: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """Some records, and where to go on once they are stored.

    `is_complete`: nothing is left for now. `is_same`: of what is always read whole, nothing has changed
    since. `is_doubtful`: records may be missing, so that what a round did not see may be there all the
    same. `set_aside` are (place, reason) of what could not be read;
    `skipped` counts what is of a kind that we do not match.
    """

    records: Sequence[Record]
    checkpoint: Checkpoint
    is_complete: bool
    is_same: bool = False
    is_doubtful: bool = False
    set_aside: Sequence[tuple[str, str]] = ()
    skipped: int = 0


class StaleCheckpoint(Exception):
    """The source no longer knows what changed since: it has to be read whole."""


@dataclass(frozen=True, slots=True)
class SourceConfig:
    """How a source is reached. Credentials and the address never show in `repr`."""

    address: str = field(repr=False)
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def as_json(self) -> dict[str, Any]:
        """The parts, to be stored sealed."""
        return {
            "address": self.address,
            "credentials": dict(self.credentials),
            "options": dict(self.options),
        }


class Protocol(ABC):
    """One protocol: how to read it, and how to send an opinion back. Holds nothing between calls."""

    name: ClassVar[str]
    usual_address: ClassVar[str] = ""
    needs: ClassVar[tuple[str, ...]] = ()
    """The credentials without which nothing can be read."""
    may_have: ClassVar[tuple[str, ...]] = ()
    """More credentials, and options beside them, that mean something."""
    option_names: ClassVar[tuple[str, ...]] = ()
    stale_after: ClassVar[timedelta | None] = None
    """A checkpoint so old is of no use: withdrawals in between are told by nobody."""
    takes_opinions: ClassVar[bool] = True
    is_read_whole: ClassVar[bool] = False
    """Every pull reads everything: what is no longer there has gone."""

    def check(self, config: SourceConfig) -> None:
        """Make sure that a pull can be tried.

        Raises:
            MalformedField: an address, a credential or an option is missing, or none of this protocol.
        """
        self.check_address(config.address)
        for name in self.needs:
            if not config.credentials.get(name):
                raise MalformedField(
                    field="credentials", reason=f"The credentials need: {', '.join(self.needs)}."
                )
        known = {*self.needs, *self.may_have}
        if not known.issuperset(config.credentials):
            raise MalformedField(
                field="credentials",
                reason=f"The credentials are: {', '.join(sorted(known)) or 'none'}.",
            )
        options = {"only_confirmed", *self.option_names}
        if not options.issuperset(config.options):
            raise MalformedField(
                field="options", reason=f"The options are: {', '.join(sorted(options))}."
            )

    def check_address(self, address: str) -> None:
        """Make sure that this is an address on the web, without a name or passphrase in it."""
        try:
            parts = urlsplit(address)
            port = parts.port
        except ValueError:
            parts, port = urlsplit(""), None
        is_good = (
            parts.scheme in {"https", "http"}
            and parts.hostname
            and parts.username is None
            and not parts.query
            and not parts.fragment
            and port != 0
        )
        if not is_good:
            raise MalformedField(
                field="address",
                reason="A source needs an https address without a name or passphrase in it.",
            )

    def is_stale(self, pulled_at: datetime, now: datetime) -> bool:
        """Whether a checkpoint of that moment is too old to go on from."""
        return self.stale_after is not None and now - pulled_at > self.stale_after

    @abstractmethod
    def pull(
        self, config: SourceConfig, checkpoint: Checkpoint | None, wire: Wire, *, now: datetime
    ) -> Iterator[Page]:
        """Pages from the checkpoint on, or of everything; the last one is complete.

        Raises:
            SourceFailed: it did not answer as it should. AddressRefused: it may not be called.
            StaleCheckpoint: it has to be read whole.
        """

    def send(
        self,
        config: SourceConfig,  # noqa: ARG002  # for those that take some
        reference: Mapping[str, Any],  # noqa: ARG002
        opinion: Opinion,  # noqa: ARG002
        wire: Wire,  # noqa: ARG002
    ) -> None:
        """Tell the source what we say of one of its records; the same again does no harm.

        Raises:
            SourceFailed: it did not take it, or takes none. AddressRefused: it may not be called.
        """
        raise SourceFailed(word="takes_none")
