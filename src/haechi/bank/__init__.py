# SPDX-License-Identifier: Apache-2.0
"""What we answer for: banks of contents, their signals, and the numbered feed of their changes.

Every change of a content is one step of the feed, written in the same transaction. The feed's
numbers are given under a lock that lasts until the commit, so they become visible in order and
without gaps, on every engine: a follower that has seen N never meets a later N - 1.

A content is told only to those it is shared with. The database decides it for each question
(`active_contents`), so that consent that ended counts from its moment on.
"""

from haechi.bank._banks import Bank, all_banks, ensure_bank
from haechi.bank._contents import (
    active_contents,
    add_content,
    content_statuses,
    forget_regions,
    set_status,
)
from haechi.bank._feed import Change, changes_after, feed_position
from haechi.bank._sharing import end_expired_sharing, set_sharing, sharing_of

__all__ = [
    "Bank",
    "Change",
    "active_contents",
    "add_content",
    "all_banks",
    "changes_after",
    "content_statuses",
    "end_expired_sharing",
    "ensure_bank",
    "feed_position",
    "forget_regions",
    "set_sharing",
    "set_status",
    "sharing_of",
]
