# SPDX-License-Identifier: Apache-2.0
"""`follower URL TOKEN FOLDER`: a follower as a process of its own, to be killed.

Writes a line once it holds the bank; then answers each line of pdq values, with spaces between, by
which of them it matches: a line of 0s and 1s. `ids` is answered by all that it holds.
"""

from __future__ import annotations

import sys

from haechi.follower import Follower
from haechi.values import Signal


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> None:
    url, token, folder = sys.argv[1:]
    with Follower(url, token, folder=folder) as follower:
        follower.wait_ready(300)
        say("ready")
        for line in sys.stdin:
            if line.strip() == "ids":
                say(" ".join(sorted(follower.content_ids())))
            else:
                found = [bool(follower.matches([Signal.parse("pdq", v)])) for v in line.split()]
                say("".join("01"[each] for each in found))


if __name__ == "__main__":
    main()
