# SPDX-License-Identifier: Apache-2.0
"""The audit log: who did what and when, in a chain that shows when a line was altered or taken out.

Every line holds SHA-256 over itself and the digest of the line before. Where the chain stood is written
to a sealed file beside the database once a minute, so that a chain that was made anew as a whole does
not fit either.
"""

from haechi.audit._chain import Broken, Head, check_chain, head_of
from haechi.audit._heads import HeadFile
from haechi.audit._log import Event, events, moments_of, record

__all__ = [
    "Broken",
    "Event",
    "Head",
    "HeadFile",
    "check_chain",
    "events",
    "head_of",
    "moments_of",
    "record",
]
