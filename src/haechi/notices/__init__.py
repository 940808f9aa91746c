# SPDX-License-Identifier: Apache-2.0
"""What the law lets us demand, and by when: notices, one service and one law each, and their clocks.

Law facts are data (`laws/`), each with its source and the day it was last read there. A statutory
clock is arithmetic on those facts; nothing configures it.
"""

from haechi.notices._clock import Clock, ClockKind, clock_of
from haechi.notices._draft import NoticeText, Sender, as_service, draft_text
from haechi.notices._laws import Law, law_named
from haechi.notices._store import Notice, add_notice, notices_of

__all__ = [
    "Clock",
    "ClockKind",
    "Law",
    "Notice",
    "NoticeText",
    "Sender",
    "add_notice",
    "as_service",
    "clock_of",
    "draft_text",
    "law_named",
    "notices_of",
]
