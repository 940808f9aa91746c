# SPDX-License-Identifier: Apache-2.0
"""Haechi: stops the spread of sexual images made or shared without consent.

The rooms and their order are drawn in docs/architecture.md. This module imports nothing, so that
`import haechi` costs nothing.
"""

__version__ = "0.1.0"
