# SPDX-License-Identifier: Apache-2.0
"""Every known signal within a radius of this one, exactly.

The caller feeds an `Index` its changes and asks it; the index never asks for anything. It lives in
memory and is a pure function of what it was fed.
"""

from haechi.match._entries import Entry
from haechi.match._explain import Explanation
from haechi.match._found import Found
from haechi.match._frames import FrameMatch, TimeRange, entries_to_compare, match_frames
from haechi.match._frames_rule import FrameRule
from haechi.match._frames_search import find_frames
from haechi.match._index import Index, Size
from haechi.match._kinds import Kind
from haechi.match._limits import MOST_ENTRIES, REGION_KEY_RADIUS_BITS, REGION_RADIUS_BITS
from haechi.match._regions import RegionMatch, match_regions
from haechi.match._regions_rule import RegionRule
from haechi.match._regions_search import find_regions
from haechi.match._table import Sizes
from haechi.match._view import Hit, View

__all__ = [
    "MOST_ENTRIES",
    "REGION_KEY_RADIUS_BITS",
    "REGION_RADIUS_BITS",
    "Entry",
    "Explanation",
    "Found",
    "FrameMatch",
    "FrameRule",
    "Hit",
    "Index",
    "Kind",
    "RegionMatch",
    "RegionRule",
    "Size",
    "Sizes",
    "TimeRange",
    "View",
    "entries_to_compare",
    "find_frames",
    "find_regions",
    "match_frames",
    "match_regions",
]
