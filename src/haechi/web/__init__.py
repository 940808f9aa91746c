# SPDX-License-Identifier: Apache-2.0
"""The pages for people: rendered here, in the reader's language, usable without scripts.

Every text is a message of the catalogue in `locale/`, with the English text as its key; a further
language is a further folder there. The on-device code is in `static/js/`.
"""

from haechi.web._pages import create_router, error_page
from haechi.web._render import STATIC_FOLDER

__all__ = ["STATIC_FOLDER", "create_router", "error_page"]
