# SPDX-License-Identifier: Apache-2.0
"""Gates ready to use: what a platform puts in front of its uploads to ask a Haechi before it publishes.

A gate runs at the platform, not at the service, and speaks with it over `/v1` like anybody else. So
nothing of the service is imported here, and what is uploaded is kept and logged nowhere.
`haechi.gates.telegram` is a bot for group chats; it needs `pip install haechi[bot]`.
"""

from haechi.gates._decision import Action, Decision, KnownCopy, Reason
from haechi.gates._middleware import ScreenedFile, Screening, ScreeningGate
from haechi.gates._refusal import Refusal
from haechi.gates._screener import AsyncScreener, Screener
from haechi.gates._settings import GateSettings

__all__ = [
    "Action",
    "AsyncScreener",
    "Decision",
    "GateSettings",
    "KnownCopy",
    "Reason",
    "Refusal",
    "ScreenedFile",
    "Screener",
    "Screening",
    "ScreeningGate",
]
