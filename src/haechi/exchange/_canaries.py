# SPDX-License-Identifier: Apache-2.0
"""Values that were made up for one partner alone: a list that holds one came from that partner.

They look like any other value: of a PDQ, half of the bits are set, as its median makes them.
"""

from __future__ import annotations

import random
from typing import Final

from sqlalchemy import Connection

from haechi import bank
from haechi.storage import Vault
from haechi.values import BankPolicy, Signal, SignalType

CANARIES: Final = 8

_BITS: Final = 256


def plant_canaries(
    tx: Connection, vault: Vault, partner_id: str, *, count: int = CANARIES
) -> list[str]:
    """Make values up for this partner and put them where only it is told of them; the contents' ids."""
    owned = bank.canary_bank(tx, partner_id, policy=BankPolicy.BLOCK)
    key_id = bank.bank_key(tx, vault, owned.id)
    return [
        bank.add_content(
            tx,
            vault,
            bank_id=owned.id,
            key_id=key_id,
            signals=[made_up_value()],
            origin_kind="canary",
            origin_id=partner_id,
        )
        for _ in range(count)
    ]


def made_up_value() -> Signal:
    """A PDQ value that no picture has: as many bits set as unset, nothing else about it."""
    places = random.SystemRandom().sample(range(_BITS), _BITS // 2)
    number = sum(1 << place for place in places)
    # Qualities of real pictures are 100 mostly: any other would stand out.
    return Signal(SignalType.PDQ, number.to_bytes(_BITS // 8), 100)
