# SPDX-License-Identifier: Apache-2.0
"""What the law lets us demand, and by when: notices, one service and one law each, their clocks, and checks.

Law facts are data (`laws/`), each with its source and the day it was last read there. A statutory
clock is arithmetic on those facts; nothing configures it. Policy clocks are our own practice and say so.
"""

from haechi.notices._checks import (
    Check,
    CheckOutcome,
    add_check,
    by_time,
    checks_of,
    forget_case,
)
from haechi.notices._clock import Clock, ClockKind, acknowledgement_clock, clock_of
from haechi.notices._draft import NoticeText, Sender, as_service, draft_text
from haechi.notices._laws import Law, law_named
from haechi.notices._look_again import OUT_OF_SIGHT, next_look_at
from haechi.notices._store import Notice, add_notice, mark_received, mark_sent, notices_of

__all__ = [
    "OUT_OF_SIGHT",
    "Check",
    "CheckOutcome",
    "Clock",
    "ClockKind",
    "Law",
    "Notice",
    "NoticeText",
    "Sender",
    "acknowledgement_clock",
    "add_check",
    "add_notice",
    "as_service",
    "by_time",
    "checks_of",
    "clock_of",
    "draft_text",
    "forget_case",
    "law_named",
    "mark_received",
    "mark_sent",
    "next_look_at",
    "notices_of",
]
