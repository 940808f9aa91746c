# SPDX-License-Identifier: Apache-2.0
"""The one place where the HTTP faces are put together, guarded and served."""

from haechi.asgi._app import create_app
from haechi.asgi._serve import serve

__all__ = ["create_app", "serve"]
