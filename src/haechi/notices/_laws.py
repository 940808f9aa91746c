# SPDX-License-Identifier: Apache-2.0
"""Law facts, read from the data files beside this module."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from importlib.resources import files

from haechi.errors import MalformedField


@dataclass(frozen=True, slots=True)
class Law:
    """One law under which a notice can be sent; all of it comes from the data file.

    `length` is the statutory time from `starts_with` to the due time, in elapsed hours.
    """

    id: str
    title: str
    citation: str
    country: str
    source_url: str
    verified_on: date
    template: str
    required: tuple[str, ...]
    length: timedelta
    starts_with: str


@lru_cache
def _all_laws() -> dict[str, Law]:
    laws = {}
    for entry in files("haechi.notices").joinpath("laws").iterdir():
        if not entry.name.endswith(".toml"):
            continue
        facts = tomllib.loads(entry.read_text(encoding="utf-8"))
        clock = facts.pop("clock")
        laws[facts["id"]] = Law(
            **{**facts, "required": tuple(facts["required"])},
            length=timedelta(hours=clock["length_h"]),
            starts_with=clock["starts_with"],
        )
    return laws


def law_named(law_id: str) -> Law:
    """The law of that id, such as `US-TIDA`.

    Raises:
        MalformedField: we have no such law; the sentence names those we have.
    """
    laws = _all_laws()
    if law_id not in laws:
        raise MalformedField(
            field="law", reason=f"No such law here. There is: {', '.join(sorted(laws))}."
        )
    return laws[law_id]
