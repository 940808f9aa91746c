# SPDX-License-Identifier: Apache-2.0
"""What a person asked: her case with its items and sightings, her passphrase, her sessions.

A case is opened with no account. Its number is not secret, its passphrase is; the passphrase is
kept as an Argon2id hash only. What she wrote is sealed under the case's own data key.
"""

from haechi.cases._case import (
    Case,
    CaseStatus,
    Item,
    case_key,
    find_case,
    list_cases,
    open_case,
    read_case,
    withdraw_item,
)
from haechi.cases._passphrase import (
    check_passphrase,
    hash_passphrase,
    new_case_number,
    new_passphrase,
)
from haechi.cases._sessions import begin_session, end_session, mark_used, session_case
from haechi.cases._sighting import Sighting

__all__ = [
    "Case",
    "CaseStatus",
    "Item",
    "Sighting",
    "begin_session",
    "case_key",
    "check_passphrase",
    "end_session",
    "find_case",
    "hash_passphrase",
    "list_cases",
    "mark_used",
    "new_case_number",
    "new_passphrase",
    "open_case",
    "read_case",
    "session_case",
    "withdraw_item",
]
