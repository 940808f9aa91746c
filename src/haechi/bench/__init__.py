# SPDX-License-Identifier: Apache-2.0
"""Our figures beside the peers', measured in the same run on the same machine and data.

May use every room; no room uses it. `__main__` hands it to the command line.
"""

from haechi.bench._figures import Figure, Report

__all__ = ["Figure", "Report"]
