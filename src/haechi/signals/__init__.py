# SPDX-License-Identifier: Apache-2.0
"""Picture → signals. Pure: no files, no network, no state.

`pdq` is the one value a bank keeps; `pdq_views` is every way of looking at an upload that is
searched for in it; `digests` are for equal files.
"""

from ._digests import digests
from ._distance import distance_bits
from ._pdq import pdq
from ._views import PdqView, Rendition, Turn, pdq_views

__all__ = [
    "PdqView",
    "Rendition",
    "Turn",
    "digests",
    "distance_bits",
    "pdq",
    "pdq_views",
]
