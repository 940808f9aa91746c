# SPDX-License-Identifier: Apache-2.0
"""Nothing that is read back may run code: no pickle and nothing like it (reference/hma.md §2, defect 16)."""

from __future__ import annotations

import ast
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "haechi"
RUNS_CODE = {
    "pickle",
    "cPickle",
    "dill",
    "cloudpickle",
    "shelve",
    "marshal",
    "joblib",
    "jsonpickle",
}


def test_no_format_that_runs_code_is_used() -> None:
    wrong = []
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            elif isinstance(node, ast.keyword) and node.arg == "allow_pickle":
                is_no = isinstance(node.value, ast.Constant) and node.value.value is False
                wrong += [] if is_no else [f"{path.name} allows pickles"]
            wrong += [f"{path.name} imports {n}" for n in names if n.split(".")[0] in RUNS_CODE]
    assert wrong == []
