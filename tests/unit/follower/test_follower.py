# SPDX-License-Identifier: Apache-2.0
"""A follower against feeds that were written for it: what it holds, answers, refuses and survives."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from installations import digest, flipped, pdq_value

from haechi.errors import (
    BadSetting,
    BrokenStore,
    FeedCompacted,
    HaechiError,
    NeedsAccess,
    OutsideServiceFailed,
    VerificationFailed,
)
from haechi.follower import (
    Cursor,
    FeedChange,
    FeedPage,
    FeedSignal,
    Follower,
    HeldSet,
    open_held,
    page_bytes,
    sign_page,
)
from haechi.follower._client import FeedClient
from haechi.values import Signal, SignalType, utc_now

SEED = b"k" * 32
PRIVATE = Ed25519PrivateKey.from_private_bytes(SEED)
PUBLIC = PRIVATE.public_key().public_bytes_raw()
PEM = PRIVATE.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def line(signal: Signal) -> FeedSignal:
    made = FeedSignal(signal.type.value, signal.hex)
    if signal.quality is not None:
        made.quality = signal.quality
    return made


def present(
    seq: int,
    content: str,
    *signals: Signal,
    bank: str = "reports",
    policy: str = "block",
    radius: int = 31,
    until: datetime | None = None,
) -> FeedChange:
    lines = [line(signal) for signal in signals]
    made = FeedChange(seq, content, "present", bank, policy, radius, signals=lines)
    if until is not None:
        made.until = until.isoformat()
    return made


def gone(seq: int, content: str) -> FeedChange:
    return FeedChange(seq, content, "gone")


def page(*changes: FeedChange, head: int = 0, feed: str = "feed_1") -> FeedPage:
    last = max((change.seq for change in changes), default=head)
    return FeedPage(feed, "0", str(last), max(head, last), utc_now().isoformat(), list(changes))


@pytest.fixture
def held(tmp_path: Path) -> Iterator[HeldSet]:
    opened = HeldSet(tmp_path / "held")
    yield opened
    opened.close()


def found(held: HeldSet, *signals: Signal) -> list[tuple[str, str, int]]:
    return [(one.content, one.policy.value, one.distance_bits) for one in held.matches(signals)]


class TestHolding:
    def test_a_value_within_its_banks_radius(self, held: HeldSet) -> None:
        held.apply(
            page(
                present(1, "con_wide", pdq_value(1)),
                present(2, "con_narrow", pdq_value(1), bank="narrow", policy="review", radius=4),
            )
        )
        assert found(held, flipped(pdq_value(1), 4)) == [
            ("con_narrow", "review", 4),
            ("con_wide", "block", 4),
        ]
        assert found(held, flipped(pdq_value(1), 5)) == [("con_wide", "block", 5)]
        assert found(held, flipped(pdq_value(1), 32)) == []

    def test_an_equal_file(self, held: HeldSet) -> None:
        md5 = digest(1, SignalType.MD5)
        held.apply(page(present(1, "con_1", md5)))
        assert found(held, md5, digest(1), pdq_value(9)) == [("con_1", "block", 0)]

    def test_what_is_allowed_vetoes_what_is_no_nearer(self, held: HeldSet) -> None:
        allowed = flipped(pdq_value(1), 10)
        held.apply(
            page(
                present(1, "con_1", pdq_value(1)),
                present(2, "con_2", allowed, policy="allow", bank="fine"),
            )
        )
        assert found(held, allowed) == []
        assert found(held, pdq_value(1)) == [("con_1", "block", 0)]

    def test_a_video_and_its_stills(self, held: HeldSet) -> None:
        values = [pdq_value(seed).value for seed in range(12)]
        frames = b"".join(v + b"\x64" + (1000 * t).to_bytes(4) for t, v in enumerate(values))
        video = Signal(SignalType.VPDQ, frames)
        held.apply(page(present(1, "con_1", video)))
        assert found(held, video) == [("con_1", "block", 0)]
        assert found(held, pdq_value(3)) == [("con_1", "block", 0)]
        # A frame that is not near is for a person to look at.
        assert found(held, flipped(pdq_value(3), 25)) == [("con_1", "review", 25)]

    def test_a_policy_of_a_later_version_is_for_review(self, held: HeldSet) -> None:
        held.apply(page(present(1, "con_1", pdq_value(1), policy="explode")))
        assert found(held, pdq_value(1)) == [("con_1", "review", 0)]

    def test_the_moment_comes_without_a_word(
        self, held: HeldSet, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        until = utc_now() + timedelta(hours=1)
        held.apply(page(present(1, "con_1", pdq_value(1), until=until)))
        assert found(held, pdq_value(1))
        monkeypatch.setattr("haechi.follower._held.utc_now", lambda: until)
        assert found(held, pdq_value(1)) == []
        assert held.content_ids() == frozenset()
        held.forget_ended()
        assert (held.count(), len(held.view())) == (0, 0)

    def test_poison_is_counted_and_nothing_else_is_lost(self, held: HeldSet) -> None:
        bad = present(2, "con_bad", pdq_value(2))
        bad.signals = [FeedSignal("pdq", "zz"), line(pdq_value(3))]
        half = FeedChange(3, "con_half", "present")
        held.apply(page(present(1, "con_1", pdq_value(1)), bad, half))
        assert held.facts.unreadable == 2
        assert held.content_ids() == {"con_1", "con_bad"}
        assert found(held, pdq_value(3)) == [("con_bad", "block", 0)]

    def test_what_was_withdrawn_is_on_no_disk(self, tmp_path: Path) -> None:
        folder = tmp_path / "held"
        held = HeldSet(folder)
        held.apply(page(present(1, "con_gone", pdq_value(1)), present(2, "con_2", pdq_value(2))))
        held.save()
        held.apply(page(gone(3, "con_gone")))
        held.save()
        assert held._store.gone_since(-1) == []
        held.close()
        kept = b"".join(path.read_bytes() for path in folder.iterdir())
        assert b"con_gone" not in kept
        assert b"con_2" in kept
        assert pdq_value(2).value not in kept, "what is held is sealed"
        assert all(path.stat().st_mode & 0o077 == 0 for path in folder.iterdir())

    def test_a_folder_is_opened_for_asking_while_it_is_followed(self, held: HeldSet) -> None:
        held.apply(page(present(1, "con_1", pdq_value(1))))
        asked = open_held(held._path.parent)
        assert [one.content for one in asked.matches([pdq_value(1)])] == ["con_1"]
        asked.close()

    def test_a_folder_of_nobody(self, tmp_path: Path) -> None:
        with pytest.raises(BrokenStore):
            open_held(tmp_path / "nowhere")
        (tmp_path / "empty").mkdir()
        with pytest.raises(BrokenStore):
            open_held(tmp_path / "empty")

    def test_another_key_opens_nothing(self, tmp_path: Path) -> None:
        held = HeldSet(tmp_path)
        held.apply(page(present(1, "con_1", pdq_value(1))))
        held.close()
        (tmp_path / "follower.key").write_bytes(b"o" * 32)
        with pytest.raises(BrokenStore, match="begin with an empty folder"):
            HeldSet(tmp_path)

    def test_a_damaged_index_is_built_anew(self, tmp_path: Path) -> None:
        held = HeldSet(tmp_path)
        held.apply(page(present(1, "con_1", pdq_value(1))))
        held.save()
        held.close()
        (tmp_path / "follower.index").write_bytes(b"nonsense")
        again = HeldSet(tmp_path)
        assert found(again, pdq_value(1))
        again.close()


class Scripted:
    """A client whose answers are written down; then it waits until it is let go."""

    def __init__(self, *answers: FeedPage | HaechiError) -> None:
        self.answers = deque(answers)
        self.asked: list[tuple[str, str]] = []
        self.public_key: bytes | None = PUBLIC
        self.is_over = threading.Event()

    def fetch_key(self) -> bytes:
        return PUBLIC

    def fetch(self, after: str, feed: str, **_: int) -> FeedPage:
        self.asked.append((after, feed))
        if not self.answers:
            self.is_over.wait(10)
            raise OutsideServiceFailed(service="The feed", reason="over")
        answer = self.answers.popleft()
        if isinstance(answer, HaechiError):
            raise answer
        return answer

    def close(self) -> None:
        pass


def following(tmp_path: Path, *answers: FeedPage | HaechiError) -> tuple[Follower, Scripted]:
    follower = Follower("http://127.0.0.1:1", "hp_token", folder=tmp_path / "followed")
    follower._client.close()
    script = Scripted(*answers)
    follower._client = script  # type: ignore[assignment]
    return follower, script


class TestFollowing:
    def test_ready_when_it_holds_the_whole_bank(self, tmp_path: Path) -> None:
        follower, script = following(
            tmp_path,
            page(present(1, "con_1", pdq_value(1)), head=2),
            OutsideServiceFailed(service="The feed", reason="away"),
            page(present(2, "con_2", pdq_value(2)), head=2),
        )
        with follower:
            assert follower.wait_ready(10)
            assert follower.content_ids() == {"con_1", "con_2"}
            assert follower.state.cursor == 2
        script.is_over.set()
        # After the one that failed it asks for the same again.
        assert script.asked[:3] == [("", ""), ("1", "feed_1"), ("1", "feed_1")]

    def test_begins_anew_and_answers_by_the_old_meanwhile(self, tmp_path: Path) -> None:
        follower, _ = following(
            tmp_path,
            page(present(1, "con_old", pdq_value(1)), present(2, "con_both", pdq_value(2))),
            FeedCompacted(),
            page(present(7, "con_both", pdq_value(2)), head=9, feed="feed_2"),
        )
        follower._turn(0)
        follower._turn(0)
        assert follower.state.is_ready
        follower._turn(0)
        assert follower.content_ids() == {"con_old", "con_both"}
        follower._client.answers.append(page(head=9, feed="feed_2"))  # type: ignore[attr-defined]
        follower._turn(0)
        assert follower.content_ids() == {"con_both"}
        assert follower.state.resyncs == 1
        follower.stop()

    def test_a_refused_token_is_told_to_who_waits(self, tmp_path: Path) -> None:
        follower, script = following(tmp_path, NeedsAccess())
        with follower, pytest.raises(NeedsAccess):
            follower.wait_ready(10)
        script.is_over.set()

    def test_one_process_a_folder(self, tmp_path: Path) -> None:
        follower, _ = following(tmp_path)
        with pytest.raises(BrokenStore, match="another process"):
            Follower("http://127.0.0.1:1", "hp_token", folder=tmp_path / "followed")
        follower.stop()
        follower.stop()
        again = Follower("http://127.0.0.1:1", "hp_token", folder=tmp_path / "followed")
        again.stop()

    @pytest.mark.parametrize("url", ["", "ftp://host/", "file:///etc", "http://", "http://[::1"])
    def test_an_address_that_is_none(self, tmp_path: Path, url: str) -> None:
        with pytest.raises(BadSetting):
            Follower(url, "hp_token", folder=tmp_path)

    def test_a_key_as_it_is_published(self, tmp_path: Path) -> None:
        follower = Follower("http://127.0.0.1:1", "hp_token", folder=tmp_path, public_key=PEM)
        assert follower._client.public_key == PUBLIC
        follower.stop()
        with pytest.raises(BadSetting):
            Follower("http://127.0.0.1:1", "hp_token", folder=tmp_path, public_key=b"none")

    def test_nothing_is_left_open(self, tmp_path: Path) -> None:
        before = len(list(Path("/proc/self/fd").iterdir()))
        for _ in range(3):
            follower, _ = following(tmp_path)
            follower.stop()
        assert len(list(Path("/proc/self/fd").iterdir())) == before


class Service:
    """A feed that answers with one page, as bytes on the wire."""

    def __init__(self, body: bytes, signature: str = "", status: int = 200) -> None:
        self.body, self.signature, self.status = body, signature, status

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/receipt-key":
            return httpx.Response(200, content=PEM)
        headers = {"Haechi-Signature": self.signature}
        return httpx.Response(self.status, content=self.body, headers=headers)

    def client(self) -> FeedClient:
        made = FeedClient("http://127.0.0.1:1", "hp_token", public_key=PUBLIC)
        made._http.close()
        transport = httpx.MockTransport(self)
        made._http = httpx.Client(base_url="http://127.0.0.1:1", transport=transport)
        return made


class TestTheWire:
    BODY = page_bytes(page(present(1, "con_1", pdq_value(1))))

    def test_a_signed_page(self) -> None:
        client = Service(self.BODY, sign_page(SEED, self.BODY)).client()
        assert client.fetch("", "", wait_s=0, limit=1).changes[0].content == "con_1"
        assert client.fetch_key() == PUBLIC
        client.close()

    @pytest.mark.parametrize(("after", "feed"), [("7", ""), ("", "another feed"), ("0-9", "")])
    def test_a_signed_page_that_answers_another_question(self, after: str, feed: str) -> None:
        client = Service(self.BODY, sign_page(SEED, self.BODY)).client()
        with pytest.raises(OutsideServiceFailed):
            client.fetch(after, feed, wait_s=0, limit=1)
        client.close()

    @pytest.mark.parametrize(
        "signature",
        [
            "",
            "ed25519=",
            "ed25519=AAAA",
            sign_page(b"o" * 32, BODY),
            sign_page(SEED, BODY + b" "),
            sign_page(SEED, BODY).replace("ed25519=", ""),
        ],
        # A key of our own is drawn for each run: a value in the name would differ between workers.
        ids=["none", "empty", "short", "of another key", "of another page", "without its kind"],
    )
    def test_a_page_that_somebody_else_wrote(self, signature: str) -> None:
        client = Service(self.BODY, signature).client()
        with pytest.raises(VerificationFailed):
            client.fetch("", "", wait_s=0, limit=1)
        client.close()

    @pytest.mark.parametrize(
        "body",
        [b"", b"[]", b"{}", b"\xff", b"[" * 100_000],
        ids=["empty", "a list", "an object", "no text", "deep"],
    )
    def test_an_answer_that_is_no_page(self, body: bytes) -> None:
        client = Service(body, sign_page(SEED, body)).client()
        with pytest.raises(OutsideServiceFailed):
            client.fetch("", "", wait_s=0, limit=1)
        client.close()

    def test_an_answer_without_end(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("haechi.follower._client._MOST_BYTES", 10)
        client = Service(self.BODY).client()
        with pytest.raises(OutsideServiceFailed, match="too long"):
            client.fetch("", "", wait_s=0, limit=1)
        client.close()

    @pytest.mark.parametrize(
        ("status", "error"), [(401, NeedsAccess), (410, FeedCompacted), (500, OutsideServiceFailed)]
    )
    def test_refusals(self, status: int, error: type[Exception]) -> None:
        client = Service(b"", status=status).client()
        with pytest.raises(error):
            client.fetch("", "", wait_s=0, limit=1)
        client.close()

    @pytest.mark.parametrize("text", ["0", "7", "7-9"])
    def test_cursors(self, text: str) -> None:
        assert str(Cursor.parse(text)) == text

    @pytest.mark.parametrize("text", ["", "-1", "7-", "x", "1-2-3", "9" * 19, "٣"])
    def test_no_cursors(self, text: str) -> None:
        with pytest.raises(ValueError, match="cursor"):
            Cursor.parse(text)

    def test_a_cursor_past_where_it_began_is_one_number(self) -> None:
        assert str(Cursor(9, 9)) == "9"
        assert str(Cursor(10, 9)) == "10"
