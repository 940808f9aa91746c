# SPDX-License-Identifier: Apache-2.0
"""Hash lists of every form: what is read of them, and why the rest is not."""

from __future__ import annotations

import io
import json
from datetime import UTC, timedelta

import pytest
from installations import digest, pdq_value

from haechi.bank import NewContent
from haechi.exchange import UnreadableLine, read_list, write_list
from haechi.exchange._list_lines import MOST_LINE_BYTES
from haechi.exchange._list_read import form_of
from haechi.signals import hma_text
from haechi.values import ListForm, Signal, SignalType, utc_now

PDQ = pdq_value(1)
MD5 = digest(1, SignalType.MD5)
SHA = digest(1)
FILM = Signal(
    SignalType.VPDQ,
    b"".join(pdq_value(s).value + bytes([s]) + (s * 1000).to_bytes(4) for s in range(3)),
)


class Slowly(io.RawIOBase):
    """A stream that gives a few bytes at a time, as a pipe may."""

    def __init__(self, data: bytes, at_once: int = 7) -> None:
        self._data = io.BytesIO(data)
        self._at_once = at_once

    def read(self, size: int = -1) -> bytes:
        return self._data.read(min(size, self._at_once) if size >= 0 else self._at_once)

    def readline(self, size: int | None = -1) -> bytes:
        return self._data.readline(-1 if size is None else size)


def _read(
    text: str | bytes, form: ListForm = ListForm.AUTO
) -> tuple[list[NewContent], list[tuple[str, str]]]:
    data = text.encode() if isinstance(text, str) else text
    told = [(place, _said(one)) for place, one in read_list(io.BytesIO(data), form)]
    assert told == [(place, _said(one)) for place, one in read_list(Slowly(data), form)]
    return (
        [one for _, one in told if isinstance(one, NewContent)],
        [(place, one) for place, one in told if isinstance(one, str)],
    )


def _said(one: NewContent | UnreadableLine) -> NewContent | str:
    return one if isinstance(one, NewContent) else one.reason


def _signals(text: str | bytes, form: ListForm = ListForm.AUTO) -> list[Signal]:
    contents, bad = _read(text, form)
    assert bad == []
    return [signal for one in contents for signal in one.signals]


class TestTx:
    """Lines as `tx hash` and `tx dataset -P` write them."""

    @pytest.mark.parametrize(
        ("line", "signal"),
        [
            (f"pdq {PDQ.hex}", PDQ),
            (f"PDQ {PDQ.hex.upper()}\r", PDQ),
            (f"pdq   {PDQ.hex} 'Sample Data' Metadata(x=[1, 2])", PDQ),
            (f"video_md5 {MD5.hex} 'c' m", MD5),
            (f"md5 {MD5.hex}", MD5),
            (f"video_sha256 {SHA.hex}", SHA),
            (PDQ.hex, PDQ),
            (f"{PDQ.hex} 'Sample Data' m", PDQ),
            (MD5.hex, MD5),
            (f"vpdq {hma_text(FILM)}", FILM),
            (f"vpdq {hma_text(FILM)} 'c' m", FILM),
            (hma_text(FILM), FILM),
            (f"vpdq {FILM.hex}", FILM),
        ],
    )
    def test_a_line(self, line: str, signal: Signal) -> None:
        assert _signals(f"{line}\n\n  \n# nothing\n{line}", ListForm.TX) == [signal, signal]
        assert _signals(line) == [signal]

    @pytest.mark.parametrize(
        ("line", "reason"),
        [
            (f"pdq {PDQ.hex}0", "a value that is none of its type"),
            (f"pdq {PDQ.hex[:-1]}g", "a value that is none of its type"),
            ("pdq", "no signal"),
            ("pdq ", "no signal"),
            ("photodna AAAA", "a type that is not known here"),
            ("raw_text bully", "a type that is not known here"),
            ("url https://secret.example", "a type that is not known here"),
            (f'vpdq ["{PDQ.hex},50"]', "a value that is none of its type"),
            (f'vpdq ["{PDQ.hex},50,nan"]', "a value that is none of its type"),
            (f'vpdq ["{PDQ.hex},50,-1"]', "a value that is none of its type"),
            (f'vpdq ["{PDQ.hex},50,1e99"]', "a value that is none of its type"),
            (f'vpdq ["{PDQ.hex},101,1"]', "a value that is none of its type"),
            ("vpdq []", "a value that is none of its type"),
            ("vpdq [1, 2", "a value that is none of its type"),
            ("vpdq " + "[" * 5000, "a value that is none of its type"),
        ],
    )  # fmt: skip
    def test_a_line_that_is_none(self, line: str, reason: str) -> None:
        contents, bad = _read(f"# x\n{line}\npdq {PDQ.hex}\n", ListForm.TX)
        assert contents == [NewContent((PDQ,))]
        assert bad == [("line 2", reason)]

    def test_late_times_as_tx_writes_them_may_change_places(self) -> None:
        """Written with three digits, 1234.5 s and 1230.1 s are both 1.23e+03 (hma.md, defect 8)."""
        frames = [f"{pdq_value(n).hex},100,{at}" for n, at in enumerate(("1.23e+03", "1.2e+03"))]
        (film,) = _signals(f"vpdq {json.dumps(frames)}")
        assert [film.value[at + 33 : at + 37] for at in (0, 37)] == [
            (1_200_000).to_bytes(4), (1_230_000).to_bytes(4),
        ]  # fmt: skip


class TestCsv:
    """By the names of its columns, or type, value, quality without any."""

    @pytest.mark.parametrize(
        "text",
        [
            f"signal_type,signal_str,collab,category,tags\npdq,{PDQ.hex},c,POSITIVE_CLASS,a b",
            f"type,value\npdq,{PDQ.hex}",
            f"hash\n{PDQ.hex}",
            f"\ufeffQuality,Note,Signal,Type\n 100 ,,{PDQ.hex.upper()},PDQ\r\n",
            f"pdq,{PDQ.hex}",
            f"pdq,{PDQ.hex},100,more,and more",
            f'"pdq","{PDQ.hex}"',
            f"signal,other\n{PDQ.hex},x",
        ],
    )
    def test_a_line(self, text: str) -> None:
        assert _signals(text) == [PDQ]

    def test_lines_of_one_content_stand_together(self) -> None:
        lines = ["content,signal_type,signal,quality,note"]
        lines += [f"a,pdq,{PDQ.hex},77,", f"a,md5,{MD5.hex},,seen", f"b,pdq,{PDQ.hex},,"]
        lines += [f"b,pdq,{PDQ.hex},x,", f"b,sha256,{SHA.hex},,", f",md5,{MD5.hex},,"]
        lines += [f",md5,{MD5.hex},,"]
        contents, bad = _read("\n".join(lines))
        assert contents == [
            NewContent((Signal(SignalType.PDQ, PDQ.value, 77), MD5), "seen"),
            NewContent((PDQ, SHA)),
            NewContent((MD5,)),
            NewContent((MD5,)),
        ]
        assert bad == [("line 5", "a quality that is none")]

    def test_a_content_of_very_many_lines_is_not_gathered_for_ever(self) -> None:
        lines = ["content,type,value"]
        lines += [f"a,pdq,{pdq_value(seed).hex}" for seed in range(250)]
        contents, bad = _read("\n".join(lines))
        assert [len(one.signals) for one in contents] == [100, 100, 50]
        assert bad == []

    @pytest.mark.parametrize(
        ("line", "reason"),
        [
            (f"pdq,{PDQ.hex},101", "a quality that is none"),
            (f"pdq,{PDQ.hex},-1", "a quality that is none"),
            (f"pdq,{PDQ.hex},٣", "a quality that is none"),
            ("pdq,,", "no signal"),
            ("pdq", "no signal"),
            (f",{SHA.hex[:-2]},", "no signal"),
            (f"photodna,{PDQ.hex},", "a type that is not known here"),
            ('"pdq,x', "no line of CSV"),
        ],
    )
    def test_a_line_that_is_none(self, line: str, reason: str) -> None:
        contents, bad = _read(f"type,value,quality\n{line}\npdq,{PDQ.hex},\n")
        assert contents == [NewContent((PDQ,))]
        assert bad == [("line 2", reason)]

    def test_a_film_of_hours_in_one_field(self) -> None:
        frames = b"".join(PDQ.value + bytes([100]) + n.to_bytes(4) for n in range(10_800))
        film = Signal(SignalType.VPDQ, frames)
        assert _signals(f"type,value\nvpdq,{film.hex}") == [film]


class TestJson:
    """One object a line, ours or HMA's; or HMA's as a list."""

    @pytest.mark.parametrize(
        "stored",
        [
            {"signals": [{"type": "pdq", "value": PDQ.hex, "quality": 100}]},
            {"signals": [{"type": "pdq", "value": PDQ.hex.upper() + "\n"}]},
            {"path": "x", "kind": "image", "error": None,
             "signals": [{"type": "pdq", "value": PDQ.hex, "quality": 100}]},
            {"id": 2, "signals": {"pdq": PDQ.hex}},
            {"id": 2, "disable_until_ts": 1, "note": None, "signals": {"pdq": PDQ.hex, "x": ""}},
        ],
    )  # fmt: skip
    def test_one_content_in_any_layout(self, stored: dict[str, object]) -> None:
        line = json.dumps(stored)
        for text in (line, f"{line}\n{line}\n", f"[{line}, {line}]", json.dumps(stored, indent=2),
                     f"[\n{json.dumps(stored, indent=1)}\n]", f"{line}{line}"):  # fmt: skip
            for form in (ListForm.AUTO, ListForm.HMA):
                if text == f"{line}{line}" and form is ListForm.AUTO:
                    continue
                contents, bad = _read(text, form)
                assert set(contents) == {NewContent((PDQ,))}
                assert bad == []

    def test_hma_s_switch(self) -> None:
        ahead = utc_now().replace(microsecond=0) + timedelta(days=1)
        stored = [
            {"signals": {"pdq": PDQ.hex}, "disable_until_ts": until, "note": f"{until}"}
            for until in (0, 1, int(ahead.timestamp()))
        ]
        contents, bad = _read(json.dumps(stored))
        assert [(one.is_held, one.held_until) for one in contents] == [
            (True, None), (False, None), (True, ahead),
        ]  # fmt: skip
        assert bad == []
        assert contents[2].held_until.tzinfo is UTC

    @pytest.mark.parametrize(
        ("stored", "reasons"),
        [
            ([], ["no JSON object"]),
            ("x", ["no JSON object"]),
            ({}, ["no signal"]),
            ({"signals": None}, ["no signal"]),
            ({"signals": []}, ["no signal"]),
            ({"signals": {"pdq": ""}}, ["no signal"]),
            ({"signals": [1]}, ["a value that is none of its type"]),
            ({"signals": {"pdq": 1}}, ["a value that is none of its type"]),
            ({"signals": {"photodna": "x", "url": "y"}}, ["a type that is not known here"] * 2),
            ({"signals": [{"type": "pdq", "value": PDQ.hex, "quality": True}]},
             ["a quality that is none"]),
            ({"signals": [{"type": "pdq", "value": PDQ.hex, "quality": 101}]},
             ["a quality that is none"]),
            ({"signals": {"pdq": PDQ.hex}, "note": "x" * 501}, ["a note that is none, or too long"]),
            ({"signals": {"pdq": PDQ.hex}, "note": 1}, ["a note that is none, or too long"]),
            ({"signals": {"pdq": PDQ.hex}, "disable_until_ts": "x"}, ["a time that is none"]),
            ({"signals": {"pdq": PDQ.hex}, "disable_until_ts": 10**30}, ["a time that is none"]),
        ],
    )  # fmt: skip
    def test_one_that_is_none(self, stored: object, reasons: list[str]) -> None:
        good = json.dumps({"signals": {"pdq": PDQ.hex}})
        contents, bad = _read(f"{json.dumps(stored)}\n{good}", ListForm.JSONL)
        assert contents == [NewContent((PDQ,))]
        assert bad == [("line 1", reason) for reason in reasons]

    def test_what_is_good_of_one_stays(self) -> None:
        contents, bad = _read(json.dumps({"signals": {"pdq": PDQ.hex, "url": "https://x.example"}}))
        assert contents == [NewContent((PDQ,))]
        assert bad == [("line 1", "a type that is not known here")]

    @pytest.mark.parametrize(
        "broken",
        [
            '{"signals": {"pdq": }}', '{"signals": {"pdq": "x"', "{]}", '{"a": nul}', "word}",
            '{"a":' * 100_000 + "1" + "}" * 100_000,
        ],
    )  # fmt: skip
    def test_after_a_broken_one_it_goes_on(self, broken: str) -> None:
        good = json.dumps({"signals": {"pdq": PDQ.hex}, "note": "{"})
        contents, bad = _read(f"[{good},\n{broken},\n{good},{good}]", ListForm.HMA)
        assert len(bad) >= 1
        assert {place for place, _ in bad} <= {"content 2", "content 3", "content 4"}
        # What stands directly behind a broken one may be taken for a part of it.
        assert len(contents) >= 2
        assert all(one.signals == (PDQ,) for one in contents)

    def test_an_end_without_a_bracket(self) -> None:
        good = json.dumps({"signals": {"pdq": PDQ.hex}})
        contents, bad = _read(f"[{good},\n{good[:-5]}", ListForm.HMA)
        assert (len(contents), bad) == (1, [("content 2", "no JSON object")])

    def test_more_than_is_read_at_once(self) -> None:
        stored = [{"signals": {"pdq": pdq_value(seed).hex}} for seed in range(6000)]
        text = json.dumps(stored, indent=1)
        assert len(text) > 512 * 1024
        assert _signals(text) == [pdq_value(seed) for seed in range(6000)]


class TestAnyBytes:
    """What is no text, or too much."""

    def test_a_line_that_is_too_long_is_passed_over(self) -> None:
        text = f"pdq {PDQ.hex}\n{'x' * (3 * MOST_LINE_BYTES)}\npdq {PDQ.hex}".encode()
        contents, bad = _read(text, ListForm.TX)
        assert (len(contents), bad) == (2, [("line 2", "too long")])

    def test_an_object_that_is_too_long_is_passed_over(self) -> None:
        good = json.dumps({"signals": {"pdq": PDQ.hex}})
        text = f'[{good}, {{"a": "{"x" * (2 * MOST_LINE_BYTES)}"}}, {good}]'
        contents, bad = _read(text, ListForm.HMA)
        assert (len(contents), bad) == (2, [("content 2", "too long")])

    def test_bytes_that_are_no_text(self) -> None:
        contents, bad = _read(b"\xff\xfe\n\xef\xbb\xbfpdq x\npdq " + PDQ.hex.encode())
        assert contents == [NewContent((PDQ,))]
        assert [reason for _, reason in bad] == [
            "no text in UTF-8",
            "a type that is not known here",
        ]

    @pytest.mark.parametrize("form", ListForm)
    def test_nothing_at_all(self, form: ListForm) -> None:
        assert _read(b"", form) == ([], [])
        assert _read(b"\n\n", form) == ([], [])

    @pytest.mark.parametrize(
        ("text", "form"),
        [
            ("", "tx"), ("pdq x", "tx"), ("pdq,x", "csv"), ("hash", "csv"), ("a,b", "tx"),
            ("# note\n\nsignal,type", "csv"), ('{"a": 1}', "jsonl"), ("{\n", "hma"), ("[{", "hma"),
            ('["aa,1,2"]', "tx"), (" [\n", "hma"),
        ],
    )  # fmt: skip
    def test_the_form_is_seen_at_its_beginning(self, text: str, form: str) -> None:
        assert form_of(text.encode()) == form

    def test_a_reason_holds_nothing_of_the_line(self) -> None:
        secret = "5e" * 40
        for line in (f"pdq {secret}", f"{secret} x", f'{{"signals": {{"pdq": "{secret}"}}}}'):
            for form in ListForm:
                assert secret not in repr(_read(line, form)[1])


REGIONAL = Signal(
    SignalType.RPDQ, b"\x01\xff\xff\xff\xff" + bytes(32) + bytes(2) + bytes(2) + bytes(2)
)
UNSURE = pdq_value(200, quality=49)


class TestWriting:
    """Every form says that it is intimate; none holds regions."""

    def _written(self, form: ListForm) -> str:
        contents = [
            ("con_a", (PDQ, REGIONAL, MD5, SHA, FILM)),
            ("con_b", (REGIONAL,)),
            ("con_c", (UNSURE,)),
            ("con_d", (PDQ, pdq_value(3))),
        ]
        return "".join(write_list(contents, form, name="known"))

    @pytest.mark.parametrize("form", [form for form in ListForm if form is not ListForm.AUTO])
    def test_no_regions_and_a_word_of_care(self, form: ListForm) -> None:
        text = self._written(form)
        assert REGIONAL.hex not in text
        assert "intimate" in text
        assert "con_b" not in text
        contents, bad = _read(text)
        assert bad == []
        kinds = {signal.type for one in contents for signal in one.signals}
        assert kinds == {SignalType.PDQ, SignalType.MD5, SignalType.SHA256, SignalType.VPDQ}
        assert {one.note for one in contents} == {""}

    def test_what_says_nothing_of_quality_holds_no_value_of_low_quality(self) -> None:
        for form in (ListForm.HMA, ListForm.TX):
            assert UNSURE.hex not in self._written(form)
        for form in (ListForm.CSV, ListForm.JSONL):
            assert UNSURE in _signals(self._written(form))

    def test_hma_s_list_is_json_with_one_signal_of_a_type(self) -> None:
        stored = json.loads(self._written(ListForm.HMA))
        assert [one["id"] for one in stored] == [1, 2, 3]
        assert stored[0] == {
            "bank": {"matching_enabled_ratio": 1.0, "name": "known"},
            "disable_until_ts": 1, "id": 1, "note": "intimate", "original_media_uri": None,
            "signals": {
                "pdq": PDQ.hex, "video_md5": MD5.hex, "video_sha256": SHA.hex,
                "vpdq": hma_text(FILM),
            },
        }  # fmt: skip
        assert [one["signals"] for one in stored[1:]] == [
            {"pdq": PDQ.hex}, {"pdq": pdq_value(3).hex},
        ]  # fmt: skip

    def test_tx_reads_what_is_written_for_it(self, tmp_path: object) -> None:
        from threatexchange.exchanges.impl.file_api import (
            FileCollaborationConfig,
            LocalFileSignalExchangeAPI,
        )
        from threatexchange.signal_type.pdq.signal import PdqSignal

        path = tmp_path / "list.txt"
        path.write_text(self._written(ListForm.TX))
        config = FileCollaborationConfig(name="known", filename=str(path))
        (delta,) = LocalFileSignalExchangeAPI(config).fetch_iter([], None)
        values = {value for kind, value in delta.updates if kind == PdqSignal.get_name()}
        assert values == {PDQ.hex, pdq_value(3).hex}
        assert all(PdqSignal.validate_signal_str(value) == value for value in values)
        known = {"pdq", "vpdq", "video_md5", "video_sha256"}
        assert {kind for kind, _ in delta.updates} - known == {"#"}

    def test_an_empty_list_is_one(self) -> None:
        for form in (ListForm.CSV, ListForm.JSONL, ListForm.HMA, ListForm.TX):
            assert _read("".join(write_list([], form, name="x")), form) == ([], [])
