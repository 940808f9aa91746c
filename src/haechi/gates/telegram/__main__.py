# SPDX-License-Identifier: Apache-2.0
"""`python -m haechi.gates.telegram`: the bot, with everything from the environment."""

from __future__ import annotations

import sys
from pathlib import Path

from haechi.errors import HaechiError
from haechi.gates.telegram._run import run
from haechi.gates.telegram._settings import BotSettings

if __name__ == "__main__":
    remembers = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    try:
        run(BotSettings.from_environment(remembers_in=remembers))
    except HaechiError as error:
        sys.stderr.write(f"haechi: {error.sentence}\n")
        sys.exit(error.exit_code)
