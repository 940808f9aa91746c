# SPDX-License-Identifier: Apache-2.0
"""What a child does to itself before it looks at a stranger's bytes."""

from __future__ import annotations

import os
import resource
import signal
import sys
from typing import BinaryIO

from ._limits import Limits

__all__ = ["confine", "private_output"]


def confine(limits: Limits, *, open_files: int, cpu_s: int | None = None) -> None:
    """Give up, for good, everything that decoding does not need.

    `open_files` caps the number of the highest descriptor that may still be made; those that are
    open stay. When it is no more than what is open already, the process can open no file and no
    socket any more. `cpu_s` counts the process's own work, not its waiting.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    wanted = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NOFILE: open_files,
    }
    if cpu_s is not None:
        wanted[resource.RLIMIT_CPU] = cpu_s
    if sys.platform == "linux":
        # Elsewhere the system refuses the call, or takes it and does nothing.
        wanted[resource.RLIMIT_AS] = limits.memory_bytes
    for kind, most in wanted.items():
        hard = resource.getrlimit(kind)[1]
        limit = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (limit, limit))


def private_output() -> BinaryIO:
    """The pipe to the parent, moved off descriptor 1, where a codec might print."""
    output = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return output
