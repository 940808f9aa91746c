# SPDX-License-Identifier: Apache-2.0
"""What we pull from others, one file for each protocol, all of one shape.

Our own clients: docs/decisions/026 says why Meta's `threatexchange` is not used to pull.
"""

from typing import Final

from haechi.errors import MalformedField
from haechi.exchange.partners._files import Files
from haechi.exchange.partners._haechi import Haechi
from haechi.exchange.partners._ncmec import Ncmec, feedback_reasons
from haechi.exchange.partners._shape import (
    Checkpoint,
    Page,
    Protocol,
    Record,
    RecordState,
    SourceConfig,
    StaleCheckpoint,
)
from haechi.exchange.partners._stopncii import StopNcii, submit_hashes
from haechi.exchange.partners._threatexchange import ThreatExchange
from haechi.exchange.partners._wire import Wire

__all__ = [
    "PROTOCOLS",
    "Checkpoint",
    "Page",
    "Protocol",
    "Record",
    "RecordState",
    "SourceConfig",
    "StaleCheckpoint",
    "Wire",
    "feedback_reasons",
    "protocol_named",
    "submit_hashes",
]

PROTOCOLS: Final[dict[str, Protocol]] = {
    made.name: made for made in (StopNcii(), Ncmec(), ThreatExchange(), Files(), Haechi())
}
"""Every protocol that can be pulled, by its name."""


def protocol_named(name: str) -> Protocol:
    """The protocol of that name.

    Raises:
        MalformedField: there is none.
    """
    if name not in PROTOCOLS:
        raise MalformedField(
            field="protocol", reason=f"A protocol is one of: {', '.join(sorted(PROTOCOLS))}."
        )
    return PROTOCOLS[name]
