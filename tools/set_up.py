# SPDX-License-Identifier: Apache-2.0
"""Makes `.venv` and installs the locked packages into it; run by `make`, with any Python 3.11+."""

import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main(lock: str) -> None:
    """Install what `lock` names, each file held to its hash, then this package itself."""
    if sys.version_info < (3, 11):  # noqa: UP036  # whichever Python make found
        sys.exit("Haechi needs Python 3.11 or newer. Try: make run PYTHON=python3.12")
    (ROOT / "build").mkdir(exist_ok=True)
    folder = ROOT / ".venv"
    if not (folder / "bin" / "pip").exists():
        print("Setting up .venv (once; a minute or two) …", flush=True)
        venv.create(folder, with_pip=True, clear=folder.exists())
    pip = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "-q"]
    _run([*pip, "install", "--require-hashes", "-r", str(ROOT / lock)])
    _run([*pip, "install", "--no-deps", "--no-build-isolation", "-e", str(ROOT)])


def _run(command: list[str]) -> None:
    done = subprocess.run(command, check=False)
    if done.returncode:
        sys.exit(
            "The packages could not be installed; the lines above say why. Then run make again."
        )


if __name__ == "__main__":
    main(sys.argv[1])
