# SPDX-License-Identifier: Apache-2.0
"""Pulling a protocol without waiting, and without an installation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from haechi.exchange import guarded_client
from haechi.exchange.partners import Page, Protocol, SourceConfig, Wire

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@contextmanager
def quick_wire(*, tries: int = 5, slept: list[float] | None = None) -> Iterator[Wire]:
    """A wire that reaches this machine and never waits; `slept` learns for how long it would have."""
    with guarded_client(allow_private=True, timeout_s=5) as client:
        yield Wire(client, tries=tries, sleep=([] if slept is None else slept).append)


def pulled(
    protocol: Protocol,
    config: SourceConfig,
    checkpoint: Mapping[str, Any] | None = None,
    *,
    now: datetime = NOW,
    tries: int = 5,
    slept: list[float] | None = None,
) -> list[Page]:
    """Every page of one pull."""
    with quick_wire(tries=tries, slept=slept) as wire:
        return list(protocol.pull(config, checkpoint, wire, now=now))


def present(pages: list[Page]) -> set[tuple[str, str]]:
    """(type, hexadecimal digits) of all that is there after these pages."""
    there: dict[str, set[tuple[str, str]]] = {}
    for page in pages:
        for record in page.records:
            there[record.key] = {(one.type.value, one.hex) for one in record.signals}
    return set().union(*there.values())


def states(pages: list[Page]) -> dict[str, str]:
    """What is said last of each record, by its key."""
    return {record.key: record.state.value for page in pages for record in page.records}
