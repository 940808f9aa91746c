# SPDX-License-Identifier: Apache-2.0
"""Whatever a source sends in place of a record: it is set aside, and the good ones beside it are taken."""

from __future__ import annotations

from typing import Any

from graph_server import descriptor, update
from hypothesis import given
from hypothesis import strategies as st
from installations import pdq_value
from stopncii_server import feedback, hash_record

from haechi.exchange.partners import RecordState, _haechi, _stopncii, _threatexchange

GOOD = pdq_value(1).hex
_TEXT = st.one_of(
    st.text(max_size=8),
    st.sampled_from(["Active", "Withdrawn", "MALICIOUS", "present", GOOD, "pdq", "ImagePDQ", "7"]),
)
_ANY = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), _TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_TEXT, inner, max_size=3)),
    max_leaves=6,
)


def _broken(good: Any) -> st.SearchStrategy[Any]:
    """What is good, with anything in some places within it, or nothing."""
    if isinstance(good, dict):
        fields = {name: _broken(value) for name, value in good.items()}
        inner: st.SearchStrategy[Any] = st.fixed_dictionaries({}, optional=fields)
    elif isinstance(good, list):
        inner = st.tuples(*map(_broken, good)).map(list)
    else:
        inner = st.just(good)
    return st.one_of(inner, inner, _ANY)


def _present(records: Any) -> set[str]:
    return {
        signal.hex
        for record in records
        if record.state is RecordState.PRESENT
        for signal in record.signals
    }


RECORD = hash_record(pdq_value(2).hex, 20, CSPFeedbacks=[feedback("Blocked")])


@given(st.lists(_broken(RECORD), max_size=4))
def test_stopncii(rows: list[Any]) -> None:
    told = _stopncii._told({"hashRecords": [*rows, hash_record(GOOD, 30)]})
    page = _stopncii._page(told, _stopncii._Place(10), is_complete=True)
    assert GOOD in _present(page.records)


UPDATE = update(
    pdq_value(2).hex,
    20,
    {**descriptor(tags=("t",)), "reactions": [{"key": "HELPFUL", "value": "1,2"}]},
)


@given(st.lists(_broken(UPDATE), max_size=4))
def test_threatexchange(rows: list[Any]) -> None:
    for row in rows:
        if isinstance(row, dict):
            _threatexchange._seconds(row)
    page = _threatexchange._page([*rows, update(GOOD, 30)], {}, is_complete=True)
    assert GOOD in _present(page.records)


_CHANGE = {
    "seq": 1, "content": "con_b", "state": "present", "policy": "block", "until": None,
    "signals": [{"type": "pdq", "value": pdq_value(2).hex, "quality": 100}],
}  # fmt: skip


@given(st.lists(_broken(_CHANGE), max_size=4))
def test_haechi(rows: list[Any]) -> None:
    good = {**_CHANGE, "content": "con_a", "signals": [{"type": "pdq", "value": GOOD}]}
    page = _haechi._page({"changes": [*rows, good]}, {}, is_complete=True)
    assert GOOD in _present(page.records)
