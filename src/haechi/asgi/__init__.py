# SPDX-License-Identifier: Apache-2.0
"""The one place where the HTTP faces are put together and guarded; what the server runs.

`create_app` is the factory that Granian is given by name, so that no face imports another.
"""

from haechi.asgi._app import create_app, create_app_from_environment

__all__ = ["create_app", "create_app_from_environment"]
