# SPDX-License-Identifier: Apache-2.0
"""A list that was written is read as it was, in every form; whatever bytes come in, each is answered."""

from __future__ import annotations

import io
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from haechi.bank import NewContent
from haechi.exchange import UnreadableLine, read_list, write_list
from haechi.values import ListForm, Signal, SignalType

FORMS = st.sampled_from([form for form in ListForm if form is not ListForm.AUTO])


def _film(frames: list[tuple[bytes, int, int]]) -> Signal:
    ordered = sorted(frames, key=lambda frame: frame[2])
    return Signal(
        SignalType.VPDQ,
        b"".join(value + bytes([quality]) + at_ms.to_bytes(4) for value, quality, at_ms in ordered),
    )


PDQS = st.builds(
    Signal, st.just(SignalType.PDQ), st.binary(min_size=32, max_size=32), st.integers(0, 100)
)
FILMS = st.lists(
    st.tuples(st.binary(min_size=32, max_size=32), st.integers(0, 100), st.integers(0, 2**32 - 1)),
    min_size=1,
    max_size=4,
).map(_film)
SIGNALS = st.one_of(
    PDQS,
    FILMS,
    st.builds(Signal, st.just(SignalType.MD5), st.binary(min_size=16, max_size=16)),
    st.builds(Signal, st.just(SignalType.SHA256), st.binary(min_size=32, max_size=32)),
)
CONTENTS = st.lists(st.lists(SIGNALS, min_size=1, max_size=4).map(tuple), max_size=6)


def _through(contents: list[tuple[Signal, ...]], form: ListForm, asked: ListForm) -> list:
    listed = [(f"con_{number}", signals) for number, signals in enumerate(contents)]
    text = "".join(write_list(listed, form, name="known"))
    told = [one for _, one in read_list(io.BytesIO(text.encode()), asked)]
    assert all(isinstance(one, NewContent) for one in told)
    return [one.signals for one in told]


@given(CONTENTS, st.sampled_from([ListForm.CSV, ListForm.JSONL]), st.booleans())
def test_our_forms_bring_every_content_back(
    contents: list[tuple[Signal, ...]], form: ListForm, is_named: bool
) -> None:
    assert _through(contents, form, form if is_named else ListForm.AUTO) == contents


@given(CONTENTS, st.sampled_from([ListForm.HMA, ListForm.TX]), st.booleans())
def test_hma_s_and_tx_bring_every_trusted_signal_back(
    contents: list[tuple[Signal, ...]], form: ListForm, is_named: bool
) -> None:
    """Of a PDQ they say no quality: it comes back as one to be trusted, which only such a one is written for."""
    found = _through(contents, form, form if is_named else ListForm.AUTO)
    expected = [signal for signals in contents for signal in signals if signal.is_trusted]
    assert Counter((s.type, s.value) for signals in found for s in signals) == Counter(
        (s.type, s.value) for s in expected
    )


@given(
    st.lists(
        st.one_of(
            st.binary(max_size=60),
            st.sampled_from(
                [b"pdq ", b"{", b"}", b"[", b"]", b'"', b",", b"\n", b'{"signals": {"pdq": "',
                 b"00" * 32, b"content,type,value\n", b"vpdq [", b"\\u00", b"\xef\xbb\xbf"]
            ),
        ),
        max_size=12,
    ).map(b"".join),
    st.sampled_from(ListForm),
)  # fmt: skip
def test_whatever_comes_is_answered(data: bytes, form: ListForm) -> None:
    for place, one in read_list(io.BytesIO(data), form):
        assert place.split()[0] in {"line", "content"}
        assert isinstance(one, NewContent | UnreadableLine)
        if isinstance(one, NewContent):
            assert one.signals
