# SPDX-License-Identifier: Apache-2.0
"""The verbs: each one function that checks permission and runs one transaction.

A verb that changes something, or shows a case to somebody else than its holder, writes one audit row in
that transaction.

Faces call these and nothing below them. A `Context` holds what the verbs work with.
"""

from haechi.cases import NewsEvery, Sighting, Standing
from haechi.evidence import ReceiptFacts
from haechi.exchange import Partner
from haechi.guidance import (
    ANYWHERE,
    Contact,
    Country,
    LawFact,
    MayAct,
    Place,
    Route,
    Situation,
    Who,
)
from haechi.notices import Check, CheckOutcome, Clock, ClockKind, Notice
from haechi.workflows._access import actor_of_session, actor_of_token, enter_case, leave_case
from haechi.workflows._add_to_case import Added, add_to_case
from haechi.workflows._consent import say_agency, set_quiet, share_item
from haechi.workflows._context import Context, open_context
from haechi.workflows._doctor import Finding, examine
from haechi.workflows._erase import erase_case
from haechi.workflows._fingerprint import HashedFile, hash_files
from haechi.workflows._follow import LiveIndex
from haechi.workflows._local_bank import LocalBank, load_local_bank
from haechi.workflows._match import Match
from haechi.workflows._notices import (
    DraftRequest,
    draft_notice,
    record_check,
    record_received,
    record_sent,
)
from haechi.workflows._open_case import CaseReport, OpenedCase, open_case
from haechi.workflows._partners import admit_partner, dismiss_partner, list_partners
from haechi.workflows._permissions import Gate, Scope
from haechi.workflows._read_case import (
    CaseView,
    ItemView,
    PlaceView,
    case_numbers,
    open_number,
    read_case,
    read_case_file,
    read_receipt,
    require_case,
)
from haechi.workflows._receipts import check_receipt, receipt_key_pem, receipt_pdf
from haechi.workflows._report import ReportedItem, SharingWish
from haechi.workflows._screen import screen_file, screen_signals
from haechi.workflows._timeline import SightingState, Step, StepKind, Timeline
from haechi.workflows._upkeep import upkeep
from haechi.workflows._verdict import Reason, Verdict
from haechi.workflows._ways import (
    contact_named,
    contacts_in,
    country_facts,
    find_ways,
    is_checked_lately,
    list_countries,
)
from haechi.workflows._ways_back import (
    Recovered,
    change_passphrase,
    end_split,
    make_codes,
    make_split,
    recover_case,
    tell_half,
)
from haechi.workflows._withdraw import withdraw_item

__all__ = [
    "ANYWHERE",
    "Added",
    "CaseReport",
    "CaseView",
    "Check",
    "CheckOutcome",
    "Clock",
    "ClockKind",
    "Contact",
    "Context",
    "Country",
    "DraftRequest",
    "Finding",
    "Gate",
    "HashedFile",
    "ItemView",
    "LawFact",
    "LiveIndex",
    "LocalBank",
    "Match",
    "MayAct",
    "NewsEvery",
    "Notice",
    "OpenedCase",
    "Partner",
    "Place",
    "PlaceView",
    "Reason",
    "ReceiptFacts",
    "Recovered",
    "ReportedItem",
    "Route",
    "Scope",
    "SharingWish",
    "Sighting",
    "SightingState",
    "Situation",
    "Standing",
    "Step",
    "StepKind",
    "Timeline",
    "Verdict",
    "Who",
    "actor_of_session",
    "actor_of_token",
    "add_to_case",
    "admit_partner",
    "case_numbers",
    "change_passphrase",
    "check_receipt",
    "contact_named",
    "contacts_in",
    "country_facts",
    "dismiss_partner",
    "draft_notice",
    "end_split",
    "enter_case",
    "erase_case",
    "examine",
    "find_ways",
    "hash_files",
    "is_checked_lately",
    "leave_case",
    "list_countries",
    "list_partners",
    "load_local_bank",
    "make_codes",
    "make_split",
    "open_case",
    "open_context",
    "open_number",
    "read_case",
    "read_case_file",
    "read_receipt",
    "receipt_key_pem",
    "receipt_pdf",
    "record_check",
    "record_received",
    "record_sent",
    "recover_case",
    "require_case",
    "say_agency",
    "screen_file",
    "screen_signals",
    "set_quiet",
    "share_item",
    "tell_half",
    "upkeep",
    "withdraw_item",
]
