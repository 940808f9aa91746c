# SPDX-License-Identifier: Apache-2.0
"""Picture → signals. Pure: no files, no network, no state.

`pdq` is the one value a bank keeps; `pdq_views` is every way of looking at an upload that is
searched for in it; `digests` are for equal files.
"""

from ._boxes import Box, photo_boxes
from ._digests import digests
from ._distance import distance_bits
from ._drawn import is_drawn
from ._part import pdq_of_part
from ._pdq import pdq
from ._regions import LONG_SIDE, Regions
from ._rpdq import CLOSE_SIDE_PIXELS, query_regions, regions, rpdq
from ._views import PdqView, Rendition, Turn, pdq_views
from ._vpdq import FrameList, VpdqView, hma_text, vpdq, vpdq_views

__all__ = [
    "CLOSE_SIDE_PIXELS",
    "LONG_SIDE",
    "Box",
    "FrameList",
    "PdqView",
    "Regions",
    "Rendition",
    "Turn",
    "VpdqView",
    "digests",
    "distance_bits",
    "hma_text",
    "is_drawn",
    "pdq",
    "pdq_of_part",
    "pdq_views",
    "photo_boxes",
    "query_regions",
    "regions",
    "rpdq",
    "vpdq",
    "vpdq_views",
]
