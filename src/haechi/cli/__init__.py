# SPDX-License-Identifier: Apache-2.0
"""The command line: parses, calls one workflow, renders. Loading it loads nothing heavy."""

from haechi.cli._app import app, main
from haechi.cli._handed import Benches

__all__ = ["Benches", "app", "main"]
