# SPDX-License-Identifier: Apache-2.0
"""A follower as a process of its own, asked over its standard input; see `_live_followers`.

It writes `ready` once it holds the bank. Then to each line an answer: to a pdq value whether it is known,
`1` or `0`; to `step` the step that it is at; to `ids PATH` nothing but `ids`, when all that it holds is
written into that file, one a line.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

from haechi.follower import Follower
from haechi.settings import PARTNER_TOKEN_VARIABLE
from haechi.values import Signal

_READY_WITHIN_S: Final = 1800.0


def main() -> None:
    """Follow the address of the first argument into the folder of the second until nobody asks."""
    url, folder = sys.argv[1:]
    with Follower(url, os.environ[PARTNER_TOKEN_VARIABLE], folder=folder) as follower:
        follower.wait_ready(_READY_WITHIN_S)
        _say("ready")
        for line in sys.stdin:
            _say(_answer(follower, line.strip()))


def _answer(follower: Follower, line: str) -> str:
    if line == "step":
        return str(follower.state.cursor)
    if line.startswith("ids "):
        path = Path(line.removeprefix("ids "))
        path.write_text("\n".join(follower.content_ids()), encoding="ascii")
        return "ids"
    return "1" if follower.matches([Signal.parse("pdq", line)]) else "0"


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
