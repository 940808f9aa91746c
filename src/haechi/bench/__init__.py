# SPDX-License-Identifier: Apache-2.0
"""Our figures beside the peers', measured in the same run on the same machine and data.

May use every room; no room uses it. `__main__` hands it to the command line.
"""

from haechi.bench._api import bench_api
from haechi.bench._edits import bench_edits
from haechi.bench._figures import Figure, Report
from haechi.bench._hash import bench_hash
from haechi.bench._live import bench_live
from haechi.bench._search import bench_search
from haechi.bench._video import bench_video

__all__ = [
    "Figure",
    "Report",
    "bench_api",
    "bench_edits",
    "bench_hash",
    "bench_live",
    "bench_search",
    "bench_video",
]
