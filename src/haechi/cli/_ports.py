# SPDX-License-Identifier: Apache-2.0
"""Ports to listen on: is this one free, and which one is?"""

from __future__ import annotations

import socket
from contextlib import closing

from haechi.errors import BadSetting


def check_port(host: str, port: int) -> None:
    """Return nothing if a server can listen there now.

    Raises:
        BadSetting: it cannot; the sentence says what to do.
    """
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            raise BadSetting(
                name="port",
                reason=f"{host}:{port} is taken or not ours to use; choose another with --port",
            ) from error


def free_port(host: str) -> int:
    """A port on which nobody listens at this moment."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port
