# SPDX-License-Identifier: Apache-2.0
"""What we answer for: banks of contents, their signals, and the numbered feed of their changes.

Every change of a content is one step of the feed, written in the same transaction. The feed's
numbers are given under a lock that lasts until the commit, so they become visible in order and
without gaps, on every engine: a follower that has seen N never meets a later N - 1.

A content is told only to those it is shared with. The database decides it for each question
(`active_contents`), so that consent that ended counts from its moment on.
"""

from haechi.bank._bank_access import (
    BankAccess,
    access_of,
    may_write,
    readable_banks,
    set_access,
)
from haechi.bank._banks import (
    REPORTS_BANK,
    Bank,
    all_banks,
    bank_by_id,
    bank_key,
    bank_named,
    change_bank,
    create_bank,
    ensure_bank,
)
from haechi.bank._canary_banks import (
    canaries_among,
    canary_bank,
    canary_banks,
    canary_ids,
    canary_values,
)
from haechi.bank._compaction import (
    compacted_to,
    drop_superseded,
    drop_tombstones,
    is_compaction_due,
)
from haechi.bank._contents import (
    Owner,
    active_contents,
    add_content,
    content_statuses,
    forget_regions,
    set_status,
)
from haechi.bank._feed import (
    Change,
    access_version,
    changes_after,
    feed_position,
    lock_feed,
    touch_access,
    touch_bank,
)
from haechi.bank._feed_times import first_step_since, step_times, withdrawn_before
from haechi.bank._holding import end_holds, hold, lift_quarantine, quarantine, release
from haechi.bank._many import KnownContents, NewContent, add_contents
from haechi.bank._notes import note_of, set_note
from haechi.bank._partner_feed import (
    HANDED_TYPES,
    Present,
    Told,
    ToldChanges,
    begin_feed,
    changes_for,
    feed_id,
)
from haechi.bank._progress import ended_between, matched_back_to, note_matched_back
from haechi.bank._reading import (
    Content,
    ContentCounts,
    content_by_id,
    contents_by_bank,
    contents_of,
    signals_of,
)
from haechi.bank._sharing import end_expired_sharing, set_sharing, sharing_of

__all__ = [
    "HANDED_TYPES",
    "REPORTS_BANK",
    "Bank",
    "BankAccess",
    "Change",
    "Content",
    "ContentCounts",
    "KnownContents",
    "NewContent",
    "Owner",
    "Present",
    "Told",
    "ToldChanges",
    "access_of",
    "access_version",
    "active_contents",
    "add_content",
    "add_contents",
    "all_banks",
    "bank_by_id",
    "bank_key",
    "bank_named",
    "begin_feed",
    "canaries_among",
    "canary_bank",
    "canary_banks",
    "canary_ids",
    "canary_values",
    "change_bank",
    "changes_after",
    "changes_for",
    "compacted_to",
    "content_by_id",
    "content_statuses",
    "contents_by_bank",
    "contents_of",
    "create_bank",
    "drop_superseded",
    "drop_tombstones",
    "end_expired_sharing",
    "end_holds",
    "ended_between",
    "ensure_bank",
    "feed_id",
    "feed_position",
    "first_step_since",
    "forget_regions",
    "hold",
    "is_compaction_due",
    "lift_quarantine",
    "lock_feed",
    "matched_back_to",
    "may_write",
    "note_matched_back",
    "note_of",
    "quarantine",
    "readable_banks",
    "release",
    "set_access",
    "set_note",
    "set_sharing",
    "set_status",
    "sharing_of",
    "signals_of",
    "step_times",
    "touch_access",
    "touch_bank",
    "withdrawn_before",
]
