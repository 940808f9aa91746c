# SPDX-License-Identifier: Apache-2.0
"""Following a bank's change feed: what platforms run to hold the bank themselves.

`Follower` keeps a folder and an exact index level with a service, and answers from memory. This room
knows no database of ours: it is what somebody else runs, against the HTTP API alone.
"""

from haechi.follower._client import FeedClient
from haechi.follower._follower import Follower, FollowerState
from haechi.follower._held import HeldSet, open_held
from haechi.follower._match import FollowerMatch
from haechi.follower._store import Owner
from haechi.follower._wire import (
    SIGNATURE_HEADER,
    Cursor,
    FeedChange,
    FeedPage,
    FeedSignal,
    page_bytes,
    sign_page,
)

__all__ = [
    "SIGNATURE_HEADER",
    "Cursor",
    "FeedChange",
    "FeedClient",
    "FeedPage",
    "FeedSignal",
    "Follower",
    "FollowerMatch",
    "FollowerState",
    "HeldSet",
    "Owner",
    "open_held",
    "page_bytes",
    "sign_page",
]
