# SPDX-License-Identifier: Apache-2.0
"""What an upload is answered: radius, verdict, policy, the short cut of equal files."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from installations import PLATFORM, digest, flipped, image, pdq_value, person, report
from PIL import Image, ImageOps

from haechi.bank import add_content, ensure_bank, set_status
from haechi.errors import MediaError, NotReady
from haechi.media import Decoder
from haechi.signals import Rendition, Turn, digests, pdq
from haechi.values import BankPolicy, ContentStatus, Signal, SignalType
from haechi.workflows import (
    Context,
    Match,
    Verdict,
    _follow,
    screen_file,
    screen_signals,
    withdraw_item,
)
from haechi.workflows._find import find_matches
from haechi.workflows._upload import Query, Upload
from haechi.workflows._verdict import CERTAIN_RADIUS_BITS


def _put(
    ctx: Context,
    *signals: Signal,
    bank: str = "reports",
    policy: BankPolicy = BankPolicy.BLOCK,
    radius_bits: int = 31,
) -> str:
    with ctx.database.write() as tx:
        made = ensure_bank(tx, bank, policy=policy, radius_bits=radius_bits)
        content_id = add_content(
            tx, ctx.vault, bank_id=made.id, key_id=ctx.vault.new_key(tx), signals=signals
        )
    ctx.live.catch_up()
    return content_id


def _screen(ctx: Context, *signals: Signal) -> list[Match]:
    return screen_signals(ctx, PLATFORM, signals)


@pytest.mark.parametrize(
    ("bits", "verdict"),
    [
        (0, Verdict.SAME), (19, Verdict.SAME), (20, Verdict.SAME), (21, Verdict.REVIEW),
        (31, Verdict.REVIEW), (32, None),
    ],
)  # fmt: skip
def test_the_verdict_goes_by_the_distance(ctx: Context, bits: int, verdict: Verdict | None) -> None:
    content_id = _put(ctx, pdq_value(1))
    found = _screen(ctx, flipped(pdq_value(1), bits))
    expected = [] if verdict is None else [(content_id, bits, 31, verdict)]
    assert [(m.content_id, m.distance_bits, m.radius_bits, m.verdict) for m in found] == expected


@pytest.mark.parametrize(("bits", "verdict"), [(20, Verdict.EDITED), (21, Verdict.REVIEW)])
@pytest.mark.parametrize(
    ("rendition", "turn"),
    [
        (Rendition.AS_SENT, Turn.MIRRORED),
        (Rendition.TRIMMED, Turn.NONE),
        (Rendition.ON_WHITE, Turn.FLIPPED),
    ],
)
def test_another_view_of_the_upload_is_edited(
    ctx: Context, bits: int, verdict: Verdict, rendition: Rendition, turn: Turn
) -> None:
    _put(ctx, pdq_value(1))
    query = Query(flipped(pdq_value(1), bits), rendition, turn)
    (found,) = find_matches(Upload((query,)), ctx.live.known())
    assert (found.verdict, found.rendition, found.turn) == (verdict, rendition, turn)


def test_the_certain_radius_lies_within_the_matching_one() -> None:
    assert CERTAIN_RADIUS_BITS == 20


def test_a_content_answers_once_by_its_best_signal(ctx: Context) -> None:
    content_id = _put(ctx, pdq_value(1), digest(1))
    (found,) = _screen(ctx, flipped(pdq_value(1), 25), digest(1))
    assert (found.content_id, found.signal_type) == (content_id, SignalType.SHA256)
    assert (found.distance_bits, found.radius_bits, found.verdict) == (0, 0, Verdict.SAME)
    queries = [
        Query(pdq_value(1), Rendition.TRIMMED, Turn.NONE),
        Query(flipped(pdq_value(1), 9)),
    ]
    (found,) = find_matches(Upload(tuple(queries)), ctx.live.known())
    assert (found.verdict, found.distance_bits) == (Verdict.SAME, 9)


def test_the_best_match_comes_first(ctx: Context) -> None:
    far = _put(ctx, flipped(pdq_value(1), 30, seed=1))
    near = _put(ctx, flipped(pdq_value(1), 2, seed=2))
    equal = _put(ctx, pdq_value(1))
    assert [match.content_id for match in _screen(ctx, pdq_value(1))] == [equal, near, far]


def test_nothing_known_nothing_found(ctx: Context) -> None:
    ctx.live.catch_up()
    assert _screen(ctx, pdq_value(1), digest(1)) == []
    assert _screen(ctx) == []


@pytest.mark.parametrize("radius_bits", [0, 12, 31, 40])
def test_every_bank_has_its_own_radius(ctx: Context, radius_bits: int) -> None:
    """Wider than the usual one too, and a narrow bank beside a wide one stays narrow."""
    _put(ctx, pdq_value(1), bank="other", radius_bits=radius_bits)
    _put(ctx, pdq_value(2), bank="usual")
    for bits in (radius_bits, radius_bits + 1):
        found = _screen(ctx, flipped(pdq_value(1), bits))
        assert [match.radius_bits for match in found] == [radius_bits] * (bits == radius_bits)
    assert _screen(ctx, flipped(pdq_value(2), 32)) == []


def test_low_quality_matches_nothing_but_equal_files(ctx: Context) -> None:
    _put(ctx, pdq_value(1, quality=49), digest(1))
    assert _screen(ctx, pdq_value(1)) == []
    assert _screen(ctx, pdq_value(1, quality=49)) == []
    assert len(_screen(ctx, digest(1))) == 1


def test_an_allow_bank_answers_for_the_whole_upload(ctx: Context) -> None:
    _put(ctx, pdq_value(1), digest(1))
    assert _screen(ctx, pdq_value(1))
    allowed = _put(ctx, digest(2), bank="fine", policy=BankPolicy.ALLOW)
    assert _screen(ctx, pdq_value(1), digest(2)) == []
    assert _screen(ctx, digest(1), pdq_value(1)) != []
    with ctx.database.write() as tx:
        set_status(tx, allowed, ContentStatus.WITHDRAWN)
    ctx.live.catch_up()
    assert len(_screen(ctx, pdq_value(1), digest(2))) == 1


def test_a_review_bank_says_so(ctx: Context) -> None:
    _put(ctx, pdq_value(1), bank="unsure", policy=BankPolicy.REVIEW)
    (found,) = _screen(ctx, pdq_value(1))
    assert (found.bank, found.policy, found.verdict) == (
        "unsure", BankPolicy.REVIEW, Verdict.SAME,
    )  # fmt: skip


def test_nothing_is_answered_before_the_index_has_caught_up(ctx: Context) -> None:
    with pytest.raises(NotReady):
        _screen(ctx, pdq_value(1))
    with pytest.raises(NotReady):
        screen_file(ctx, PLATFORM, b"")
    with pytest.raises(NotReady):
        _screen(dataclasses.replace(ctx, live=None), pdq_value(1))


def test_nothing_is_answered_by_an_index_that_has_fallen_behind(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Silence of the feed would answer `no match` for what was reported meanwhile."""
    _put(ctx, pdq_value(1))
    now = _follow.time.monotonic()
    monkeypatch.setattr(_follow.time, "monotonic", lambda: now + 6)
    with pytest.raises(NotReady):
        _screen(ctx, pdq_value(1))
    ctx.live.catch_up()
    assert _screen(ctx, pdq_value(1))


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    with Decoder() as opened:
        yield opened


@pytest.fixture
def photo() -> Image.Image:
    """The portrait of Grace Hopper that comes with matplotlib."""
    folder = Path(find_spec("matplotlib").origin).parent / "mpl-data" / "sample_data"
    with Image.open(folder / "grace_hopper.jpg") as opened:
        return opened.convert("RGB").resize((256, 300))


class TestFiles:
    @pytest.fixture
    def filing(self, ctx: Context, decoder: Decoder) -> Context:
        """The installation with a decoder that these tests share."""
        return dataclasses.replace(ctx, decoder=decoder)

    @staticmethod
    def _png(photo: Image.Image) -> bytes:
        written = io.BytesIO()
        photo.save(written, "PNG")
        return written.getvalue()

    def _known(self, ctx: Context, data: bytes) -> str:
        return _put(ctx, pdq(ctx.decoder.picture(data)), *digests([data]))

    @pytest.fixture
    def undecoding(self, ctx: Context) -> Context:
        """An installation that must not decode."""

        class Refusing:
            def picture(self, _: bytes) -> None:
                raise AssertionError("decoded")

            def close(self) -> None:
                pass

        return dataclasses.replace(ctx, decoder=Refusing())

    def test_an_equal_file_is_found_without_decoding(self, undecoding: Context) -> None:
        content_id = _put(undecoding, *digests([b"no picture at all"]))
        (found,) = screen_file(undecoding, PLATFORM, b"no picture at all")
        assert (found.content_id, found.verdict, found.distance_bits) == (
            content_id, Verdict.SAME, 0,
        )  # fmt: skip

    def test_every_equal_content_is_found(self, undecoding: Context) -> None:
        ids = {_put(undecoding, *digests([b"file"])) for _ in range(3)}
        found = screen_file(undecoding, PLATFORM, b"file")
        assert {match.content_id for match in found} == ids

    def test_a_file_that_is_allowed_is_not_looked_at_further(self, undecoding: Context) -> None:
        """Else its picture could be found after all, though the bank says that it is fine."""
        _put(undecoding, *digests([b"file"]), bank="fine", policy=BankPolicy.ALLOW)
        assert screen_file(undecoding, PLATFORM, b"file") == []

    def test_an_allowed_file_stays_allowed_though_its_picture_is_known(
        self, filing: Context, photo: Image.Image
    ) -> None:
        data = self._png(photo)
        _put(filing, pdq(filing.decoder.picture(data)))
        assert screen_file(filing, PLATFORM, data)
        _put(filing, digests([data])[1], bank="fine", policy=BankPolicy.ALLOW)
        assert screen_file(filing, PLATFORM, data) == []

    def test_a_damaged_copy_is_found_by_its_digest_or_told(self, filing: Context) -> None:
        _put(filing, *digests([b"\x89PNG\r\n\x1a\nbroken"]))
        assert screen_file(filing, PLATFORM, b"\x89PNG\r\n\x1a\nbroken")
        for data in (b"\x89PNG\r\n\x1a\nbroken too", b"", b"text"):
            with pytest.raises(MediaError):
                screen_file(filing, PLATFORM, data)

    def test_copies_are_found_and_others_are_not(self, filing: Context, photo: Image.Image) -> None:
        content_id = self._known(filing, self._png(photo))
        jpeg = io.BytesIO()
        photo.resize((500, 375)).save(jpeg, "JPEG", quality=60)
        answers = {
            "recompressed": screen_file(filing, PLATFORM, jpeg.getvalue()),
            "mirrored": screen_file(filing, PLATFORM, self._png(ImageOps.mirror(photo))),
            "unrelated": screen_file(
                filing, PLATFORM, self._png(Image.effect_noise((320, 240), 90))
            ),
        }
        assert [m.content_id for m in answers["recompressed"]] == [content_id]
        assert answers["recompressed"][0].verdict is Verdict.SAME
        assert [m.content_id for m in answers["mirrored"]] == [content_id]
        assert answers["mirrored"][0].verdict is Verdict.EDITED
        assert answers["mirrored"][0].turn is Turn.MIRRORED
        assert answers["unrelated"] == []

    def test_after_a_withdrawal_no_copy_is_found(self, filing: Context, photo: Image.Image) -> None:
        data = self._png(photo)
        opened = report(filing, image(pdq(filing.decoder.picture(data)), *digests([data])))
        filing.live.catch_up()
        assert screen_file(filing, PLATFORM, data)
        withdraw_item(filing, person(opened), item_id=opened.case.items[0].id)
        filing.live.catch_up()
        assert screen_file(filing, PLATFORM, data) == []


def test_a_match_tells_no_value(ctx: Context) -> None:
    _put(ctx, pdq_value(1))
    assert pdq_value(1).hex[:8] not in repr(_screen(ctx, pdq_value(1)))


def test_what_is_allowed_does_not_hide_what_is_nearer(ctx: Context) -> None:
    known = _put(ctx, digest(1))
    _put(ctx, pdq_value(1), bank="fine", policy=BankPolicy.ALLOW)
    found = _screen(ctx, digest(1), flipped(pdq_value(1), 31))
    assert [match.content_id for match in found] == [known]
    assert _screen(ctx, flipped(pdq_value(1), 31)) == []
