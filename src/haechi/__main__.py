# SPDX-License-Identifier: Apache-2.0
"""`python -m haechi` is `haechi`."""

from haechi.cli import main

main()
