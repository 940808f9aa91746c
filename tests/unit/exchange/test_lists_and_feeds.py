# SPDX-License-Identifier: Apache-2.0
"""Reading a list in a file, and another Haechi's signed feed."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from installations import digest, pdq_value
from loopback import Answer, Asked, serving
from pulling import present, pulled, quick_wire, states

from haechi.errors import MalformedField, SourceFailed
from haechi.exchange.partners import PROTOCOLS, SourceConfig, StaleCheckpoint
from haechi.exchange.partners import _files as files_module
from haechi.follower import FeedChange, FeedPage, FeedSignal, page_bytes, sign_page
from haechi.values import Opinion, SignalType

FILES = PROTOCOLS["file"]
HAECHI = PROTOCOLS["haechi"]
PDQ = [pdq_value(seed).hex for seed in range(4)]
MD5 = digest(1, SignalType.MD5).hex
SHA256 = digest(1).hex


class TestFiles:
    """Whole, or not at all."""

    @pytest.mark.parametrize(
        "text",
        [
            f"{PDQ[0]}\n# a comment\n\n{MD5}\n",
            f"pdq {PDQ[0].upper()}\r\nvideo_md5 {MD5}\n",
            f"signal_type,signal_str,collab\npdq,{PDQ[0]},x\nvideo_md5,{MD5},x\n",
            json.dumps({"signals": [{"type": "pdq", "value": PDQ[0], "quality": 90}]})
            + "\n"
            + json.dumps({"signals": [{"type": "md5", "value": MD5}]}),
        ],
        ids=["values", "tx", "csv", "json"],
    )
    def test_every_form(self, tmp_path: Path, text: str) -> None:
        path = tmp_path / "list"
        path.write_text(text)
        pages = pulled(FILES, SourceConfig(str(path)))
        assert present(pages) == {("pdq", PDQ[0]), ("md5", MD5)}
        assert pages[-1].is_complete
        assert not any(page.is_complete for page in pages[:-1])

    def test_every_line_of_one_type(self, tmp_path: Path) -> None:
        path = tmp_path / "list"
        path.write_text(f"{SHA256}\nbad\n")
        config = SourceConfig(str(path), {}, {"signal_type": "sha256"})
        FILES.check(config)
        pages = pulled(FILES, config)
        assert present(pages) == {("sha256", SHA256)}
        assert [place for page in pages for place, _ in page.set_aside] == ["line 2"]

    def test_a_line_is_known_wherever_it_stands(self, tmp_path: Path) -> None:
        path = tmp_path / "list"
        path.write_text(f"{PDQ[0]}\n{PDQ[1]}\n")
        before = states(pulled(FILES, SourceConfig(str(path))))
        path.write_text(f"pdq {PDQ[1].upper()}\n")
        assert set(states(pulled(FILES, SourceConfig(str(path))))) < set(before)

    def test_a_file_that_did_not_change_is_not_read_again(self, tmp_path: Path) -> None:
        path = tmp_path / "list"
        path.write_text(f"{PDQ[0]}\n")
        config = SourceConfig(str(path))
        (*_, last) = pulled(FILES, config)
        stored = json.loads(json.dumps(last.checkpoint))
        (again,) = pulled(FILES, config, stored)
        assert again.is_same
        path.write_text(f"{PDQ[0]}\n{PDQ[1]}\n")
        assert len(present(pulled(FILES, config, stored))) == 2

    def test_a_file_that_is_not_there(self, tmp_path: Path) -> None:
        for path in (tmp_path / "none", tmp_path):
            with pytest.raises(SourceFailed) as caught:
                pulled(FILES, SourceConfig(str(path)))
            assert caught.value.params == {"word": "no_file"}

    @pytest.mark.parametrize("how", ["grows", "is replaced", "vanishes"])
    def test_a_file_that_changes_while_it_is_read(
        self, tmp_path: Path, how: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "list"
        path.write_text(f"{PDQ[0]}\n{PDQ[1]}\n")
        monkeypatch.setattr(files_module, "_PAGE", 1)
        done = []
        with quick_wire() as wire, pytest.raises(SourceFailed):  # noqa: PT012
            for page in FILES.pull(SourceConfig(str(path)), None, wire, now=None):
                done.append(page)
                if len(done) > 1:
                    continue
                if how == "grows":
                    with path.open("a") as stream:
                        stream.write(f"{PDQ[2]}\n")
                elif how == "is replaced":
                    (tmp_path / "new").write_text(f"{PDQ[2]}\n")
                    (tmp_path / "new").rename(path)
                else:
                    path.unlink(missing_ok=True)
        assert done
        assert not any(page.is_complete for page in done)

    @pytest.mark.parametrize("address", ["list.txt", "./x", "", "https://x.example/list"])
    def test_it_needs_a_whole_path(self, address: str) -> None:
        with pytest.raises(MalformedField):
            FILES.check(SourceConfig(address))

    @pytest.mark.parametrize("options", [{"form": "xml"}, {"signal_type": "hologram"}, {"a": "b"}])
    def test_options(self, options: dict[str, str]) -> None:
        with pytest.raises(MalformedField):
            FILES.check(SourceConfig("/list", {}, options))


SEED = b"k" * 32
_KEY = Ed25519PrivateKey.from_private_bytes(SEED).public_key()
_PEM = _KEY.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
_DER = base64.b64encode(_KEY.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


@dataclass
class Feed:
    """Another Haechi's feed, as its own code writes and signs it."""

    changes: list[FeedChange] = field(default_factory=list)
    page_size: int = 1000
    seed: bytes = SEED
    is_compacted: bool = False
    before: list[Answer] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)

    def answer(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        if asked.headers.get("authorization") != "Bearer hp_token":
            return Answer(401)
        if self.before:
            return self.before.pop(0)
        if asked.method == "POST":
            return Answer(202)
        if self.is_compacted and "after" in asked.query:
            return Answer(410)
        after = int(asked.query.get("after", "0"))
        rows = [row for row in self.changes if row.seq > after][: self.page_size]
        head = max((row.seq for row in self.changes), default=0)
        following = rows[-1].seq if rows else head
        page = FeedPage("feed-1", str(after), str(following), head, "2026-11-24T12:00:00Z", rows)
        body = page_bytes(page)
        return Answer(body=body, headers={"Haechi-Signature": sign_page(self.seed, body)})


def _there(seq: int, content: str, value: str, **more: Any) -> FeedChange:
    return FeedChange(
        seq, content, "present", "reports", "block", 31,
        signals=[FeedSignal("pdq", value, 100)], **more,
    )  # fmt: skip


@pytest.fixture
def feed() -> Feed:
    return Feed()


@pytest.fixture
def config(feed: Feed) -> Iterator[SourceConfig]:
    with serving(feed.answer) as address:
        yield SourceConfig(address, {"token": "hp_token"}, {"public_key": _DER})


class TestHaechi:
    """From one installation to the next."""

    def test_what_begins_and_what_has_gone(self, feed: Feed, config: SourceConfig) -> None:
        feed.page_size = 1
        feed.changes = [
            _there(1, "con_a", PDQ[0]),
            _there(2, "con_b", PDQ[1], until="2026-12-01T00:00:00Z"),
            FeedChange(3, "con_a", "gone"),
        ]
        pages = pulled(HAECHI, config)
        assert [page.is_complete for page in pages] == [False, False, True]
        assert states(pages) == {"con_a": "gone", "con_b": "present"}
        assert str(pages[1].records[0].until) == "2026-12-01 00:00:00+00:00"
        feed.changes.append(_there(4, "con_c", PDQ[2]))
        assert states(pulled(HAECHI, config, pages[-1].checkpoint)) == {"con_c": "present"}
        assert feed.asked[-1].query["feed"] == "feed-1"

    def test_nothing_new_is_complete(self, feed: Feed, config: SourceConfig) -> None:
        feed.changes = [_there(1, "con_a", PDQ[0])]
        (first,) = pulled(HAECHI, config)
        (again,) = pulled(HAECHI, config, first.checkpoint)
        assert (again.records, again.is_complete) == ([], True)

    def test_what_they_allow_is_not_taken(self, feed: Feed, config: SourceConfig) -> None:
        change = _there(1, "con_a", PDQ[0])
        change.policy = "allow"
        feed.changes = [change]
        assert states(pulled(HAECHI, config)) == {"con_a": "gone"}

    def test_a_feed_that_was_compacted_is_read_whole(
        self, feed: Feed, config: SourceConfig
    ) -> None:
        feed.is_compacted = True
        with pytest.raises(StaleCheckpoint):
            pulled(HAECHI, config, {"after": "3", "feed": "feed-1"})

    def test_another_key_is_not_believed(self, feed: Feed, config: SourceConfig) -> None:
        feed.changes = [_there(1, "con_a", PDQ[0])]
        feed.seed = b"x" * 32
        with pytest.raises(SourceFailed) as caught:
            pulled(HAECHI, config)
        assert caught.value.params == {"word": "not_signed"}

    @pytest.mark.parametrize("headers", [{}, {"Haechi-Signature": "ed25519=AAAA"}])
    def test_no_signature(self, feed: Feed, config: SourceConfig, headers: dict[str, str]) -> None:
        feed.before = [Answer(body=b'{"changes": []}', headers=headers)]
        with pytest.raises(SourceFailed) as caught:
            pulled(HAECHI, config)
        assert caught.value.params == {"word": "not_signed"}

    def test_poison_is_set_aside(self, feed: Feed, config: SourceConfig) -> None:
        feed.changes = [_there(1, "con_a", "zz"), _there(2, "con_b", PDQ[1])]
        (page,) = pulled(HAECHI, config)
        assert states([page]) == {"con_a": "unclear", "con_b": "present"}
        assert page.set_aside == [("change 1", "no_fingerprint")]

    @pytest.mark.parametrize("text", [_DER, _PEM, _KEY.public_bytes_raw().hex()])
    def test_a_key_in_any_form(self, text: str) -> None:
        HAECHI.check(SourceConfig("https://x.example", {"token": "hp_t"}, {"public_key": text}))

    @pytest.mark.parametrize("text", ["", "abc", "z" * 64, _DER[:-8]])
    def test_no_key(self, text: str) -> None:
        with pytest.raises(MalformedField):
            HAECHI.check(SourceConfig("https://x.example", {"token": "hp_t"}, {"public_key": text}))

    def test_an_opinion(self, feed: Feed, config: SourceConfig) -> None:
        feed.changes = [_there(1, "con_a", PDQ[0])]
        (page,) = pulled(HAECHI, config)
        with quick_wire() as wire:
            HAECHI.send(config, page.records[0].reference, Opinion.DISPUTED, wire)
        assert feed.asked[-1].path == "/v1/opinions"
        told = {"opinions": [{"content": "con_a", "opinion": "disputed"}]}
        assert json.loads(feed.asked[-1].body) == told
