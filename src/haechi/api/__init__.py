# SPDX-License-Identifier: Apache-2.0
"""The HTTP face for programs: JSON under `/v1`, and what watches over the service.

Each handler parses, calls one workflow and renders. Which gate a route has stands beside it.
"""

from haechi.api._hma_answers import HMA_PATHS, hma_error
from haechi.api._match_shapes import MatchesAnswer, read_question
from haechi.api._routes import create_router
from haechi.api._shapes import error_body

__all__ = [
    "HMA_PATHS",
    "MatchesAnswer",
    "create_router",
    "error_body",
    "hma_error",
    "read_question",
]
