# SPDX-License-Identifier: Apache-2.0
"""The verbs: each one function that checks permission and runs one transaction.

A verb that changes something, or shows a case to somebody else than its holder, writes one audit row in
that transaction.

Faces call these and nothing below them. A `Context` holds what the verbs work with.
"""

from haechi.cases import Sighting
from haechi.notices import Notice
from haechi.workflows._access import actor_of_session, actor_of_token, enter_case, leave_case
from haechi.workflows._context import Context, open_context
from haechi.workflows._doctor import Finding, examine
from haechi.workflows._fingerprint import HashedFile, hash_files
from haechi.workflows._follow import LiveIndex
from haechi.workflows._local_bank import LocalBank, load_local_bank
from haechi.workflows._match import Match
from haechi.workflows._notices import DraftRequest, draft_notice
from haechi.workflows._open_case import CaseReport, OpenedCase, ReportedItem, open_case
from haechi.workflows._partners import admit_partner, dismiss_partner, list_partners
from haechi.workflows._permissions import Gate, Scope
from haechi.workflows._read_case import CaseView, ItemView, case_numbers, read_case, read_case_file
from haechi.workflows._receipts import check_receipt, receipt_key_pem
from haechi.workflows._screen import screen_file, screen_signals
from haechi.workflows._verdict import Reason, Verdict
from haechi.workflows._withdraw import withdraw_item

__all__ = [
    "CaseReport",
    "CaseView",
    "Context",
    "DraftRequest",
    "Finding",
    "Gate",
    "HashedFile",
    "ItemView",
    "LiveIndex",
    "LocalBank",
    "Match",
    "Notice",
    "OpenedCase",
    "Reason",
    "ReportedItem",
    "Scope",
    "Sighting",
    "Verdict",
    "actor_of_session",
    "actor_of_token",
    "admit_partner",
    "case_numbers",
    "check_receipt",
    "dismiss_partner",
    "draft_notice",
    "enter_case",
    "examine",
    "hash_files",
    "leave_case",
    "list_partners",
    "load_local_bank",
    "open_case",
    "open_context",
    "read_case",
    "read_case_file",
    "receipt_key_pem",
    "screen_file",
    "screen_signals",
    "withdraw_item",
]
