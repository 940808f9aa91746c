# SPDX-License-Identifier: Apache-2.0
"""Installs what the tests start besides Python packages, from Debian's, when run as root there.

Without it the tests that need a browser or a PostgreSQL server are skipped, and this says so.
"""

import os
import shutil
import subprocess
from pathlib import Path

# What is wanted → (how to see that it is there, Debian's packages)
NEEDS = {
    "a browser (Chromium)": (("chromium", "chromium-browser"), ["chromium", "fonts-noto-cjk"]),
    "a PostgreSQL server": (("postgres",), ["postgresql"]),
}


def is_there(programs: tuple[str, ...]) -> bool:
    """Whether one of the programs is installed; Debian keeps PostgreSQL's off the PATH."""
    return any(
        shutil.which(name) or list(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
        for name in programs
    )


def main() -> None:
    """Install what is missing, or say what will be skipped."""
    missing = {name: packages for name, (how, packages) in NEEDS.items() if not is_there(how)}
    if not missing:
        return
    packages = sorted({package for wanted in missing.values() for package in wanted})
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"Installing for the tests: {', '.join(packages)} …", flush=True)
        quiet = {
            "stdout": subprocess.DEVNULL,
            "env": os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
        }
        subprocess.run(["apt-get", "update", "-q"], check=False, **quiet)
        subprocess.run(
            ["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages],
            check=False,
            **quiet,
        )
    for name, (how, _) in NEEDS.items():
        if not is_there(how):
            print(f"NOTE: there is no {name} here; the tests that need it are SKIPPED.")
            print(f"      As root on Debian: apt-get install {' '.join(missing[name])}")


if __name__ == "__main__":
    main()
