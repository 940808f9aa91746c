# SPDX-License-Identifier: Apache-2.0
"""What a person asked: her case with its items and sightings, her passphrase, her sessions.

A case is opened with no account. Its number is not secret, its passphrase is; the passphrase is
kept as an Argon2id hash only. What she wrote is sealed under the case's own data key.
"""

from haechi.cases._case import (
    Case,
    CaseStatus,
    Standing,
    case_key,
    case_lock,
    erase_case,
    find_case,
    hold_case,
    list_cases,
    open_case,
    read_case,
    set_passphrase,
)
from haechi.cases._items import (
    Item,
    NewItem,
    add_items,
    add_sightings,
    item_content,
    set_ages,
    withdraw_item,
)
from haechi.cases._number import as_case_number, new_case_number
from haechi.cases._passphrase import check_passphrase, hash_passphrase, new_passphrase
from haechi.cases._recovery import (
    centre_half,
    forget_codes,
    forget_split,
    make_codes,
    make_split,
    recovery_ways,
    use_recovery,
)
from haechi.cases._sent_once import (
    SentBefore,
    check_send_key,
    forget_answers,
    keep_answer,
    sent_before,
)
from haechi.cases._sessions import (
    begin_session,
    end_other_sessions,
    end_session,
    forget_sessions,
    mark_used,
    session_case,
)
from haechi.cases._sighting import Sighting
from haechi.cases._wishes import (
    Agency,
    NewsEvery,
    Wishes,
    set_agency,
    set_quiet,
    wishes_of,
)

__all__ = [
    "Agency",
    "Case",
    "CaseStatus",
    "Item",
    "NewItem",
    "NewsEvery",
    "SentBefore",
    "Sighting",
    "Standing",
    "Wishes",
    "add_items",
    "add_sightings",
    "as_case_number",
    "begin_session",
    "case_key",
    "case_lock",
    "centre_half",
    "check_passphrase",
    "check_send_key",
    "end_other_sessions",
    "end_session",
    "erase_case",
    "find_case",
    "forget_answers",
    "forget_codes",
    "forget_sessions",
    "forget_split",
    "hash_passphrase",
    "hold_case",
    "item_content",
    "keep_answer",
    "list_cases",
    "make_codes",
    "make_split",
    "mark_used",
    "new_case_number",
    "new_passphrase",
    "open_case",
    "read_case",
    "recovery_ways",
    "sent_before",
    "session_case",
    "set_agency",
    "set_ages",
    "set_passphrase",
    "set_quiet",
    "use_recovery",
    "wishes_of",
    "withdraw_item",
]
