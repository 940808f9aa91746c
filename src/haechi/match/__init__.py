# SPDX-License-Identifier: Apache-2.0
"""Every known signal within a radius of this one, exactly.

The caller feeds an `Index` its changes and asks it; the index never asks for anything. It lives in
memory and is a pure function of what it was fed.
"""

from haechi.match._index import Hit, Index

__all__ = ["Hit", "Index"]
