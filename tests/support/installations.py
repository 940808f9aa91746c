# SPDX-License-Identifier: Apache-2.0
"""Installations and signals that tests are made of: small, quick, with nothing real in them."""

from __future__ import annotations

import random
from pathlib import Path

from haechi.media import Decoder
from haechi.settings import Settings
from haechi.storage import Database, Keys, Vault
from haechi.values import Actor, ActorKind, MediaKind, PartnerKind, Reader, Signal, SignalType
from haechi.workflows import CaseReport, Context, LiveIndex, OpenedCase, ReportedItem, open_case

KEYS = Keys(master=b"m" * 32, signing=b"s" * 32)
OPERATOR = Actor(ActorKind.OPERATOR)
NOBODY = Actor(ActorKind.NOBODY)
PLATFORM = Actor(
    ActorKind.PARTNER,
    "ptn_platform",
    frozenset({"match", "distance"}),
    Reader(PartnerKind.PLATFORM, serves_adults_only=False),
)


def pdq_value(seed: int, quality: int = 100) -> Signal:
    """A PDQ signal that is always the same for a seed, and far from every other seed's."""
    return Signal(SignalType.PDQ, random.Random(seed).randbytes(32), quality)


def flipped(signal: Signal, bits: int, *, seed: int = 0) -> Signal:
    """The signal with that many of its bits turned over."""
    number = int.from_bytes(signal.value, "big")
    size = 8 * len(signal.value)
    for place in random.Random(seed).sample(range(size), bits):
        number ^= 1 << place
    return Signal(signal.type, number.to_bytes(size // 8, "big"), signal.quality)


def digest(seed: int, kind: SignalType = SignalType.SHA256) -> Signal:
    """A digest that is always the same for a seed."""
    return Signal(kind, random.Random(seed).randbytes(16 if kind is SignalType.MD5 else 32))


def image(*signals: Signal) -> ReportedItem:
    """A reported picture with these signals."""
    return ReportedItem(MediaKind.IMAGE, signals)


def person(opened: OpenedCase) -> Actor:
    """The holder of an opened case."""
    return Actor(ActorKind.PERSON, opened.case.id)


def report(ctx: Context, *items: ReportedItem, sightings: tuple = (), language: str = "en"):
    """Open a case with these items and sightings."""
    return open_case(ctx, CaseReport(items, sightings, language))


def context_on(url: str, folder: Path, *, keys: Keys = KEYS, **settings: object) -> Context:
    """An open context on a migrated database. Its live index moves only when `catch_up` is called."""
    database = Database(url)
    vault = Vault(keys.master)
    with database.write() as tx:
        vault.check(tx)
    return Context(
        Settings(data_folder=folder, database_url=url, **settings),
        database,
        keys,
        vault,
        Decoder(),
        LiveIndex(database, vault, poll_s=60),
    )
